import type { Assumed, Outline } from '../builder/contract';
import type { Connection } from '../contract';
import type { FormClient, FormField, Parts, Problem } from '../form/contract';
import type { Settings } from '../model/yaml-document';
import { WidgetLink, type WidgetModel } from './widget-link';

/** Asks a notebook's kernel what the form of a new run asks of a server on the page. */
export class WidgetFormClient implements FormClient {
  readonly #link: WidgetLink;

  /**
   * @param closed whether the host shows the connection to be closed; for hosts whose model doesn't say
   */
  constructor(model: WidgetModel, closed: () => boolean = () => false) {
    this.#link = new WidgetLink(model, closed, 'The form was closed.');
  }

  connection(): Connection {
    return this.#link.connection();
  }

  onConnection(callback: (connection: Connection) => void): () => void {
    return this.#link.onConnection(callback);
  }

  async check(yaml: string): Promise<Problem[]> {
    return ((await this.#link.request('check', { yaml })) as { problems: Problem[] }).problems;
  }

  async parts(kind: string): Promise<Parts> {
    return (await this.#link.request('parts', { kind })) as Parts;
  }

  async settings(): Promise<FormField[]> {
    return ((await this.#link.request('settings', {})) as { settings: FormField[] }).settings;
  }

  async outline(settings: Settings, assumed?: Assumed): Promise<Outline> {
    return (await this.#link.request('outline', { settings, assumed: assumed ?? null })) as Outline;
  }

  async train(yaml: string): Promise<{ id: string; name: string }> {
    return (await this.#link.request('train', { yaml })) as { id: string; name: string };
  }

  /** Reads the script that draws the form, and how it looks, which no notebook keeps. */
  async module(): Promise<{ script: string; sheet: string }> {
    return (await this.#link.request('module', {})) as { script: string; sheet: string };
  }

  close(): void {
    this.#link.close();
  }
}
