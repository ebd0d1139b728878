import type {
  Computation,
  Connection,
  Curves,
  Question,
  RunClient,
  RunState,
  Snapshot,
  Verb
} from '../contract';
import { WidgetLink, type WidgetModel } from './widget-link';

export type { WidgetModel } from './widget-link';

/** A live run that sends nothing for so long is asked whether anyone is there; a running one sends often. */
const QUIET_MS: Partial<Record<RunState, number>> = { running: 4000, pending: 12_000, paused: 12_000 };
/** How often that is looked at. */
const WATCH_MS = 2000;

/**
 * Talks to the kernel through an anywidget model: snapshots come as the trait `snapshot`, requests go by the link.
 *
 * A kernel that was killed and started again leaves the comm looking alive, so a run that has been quiet is
 * asked (`ping`); any answer, even a refusal, proves that somebody is there.
 */
export class WidgetClient implements RunClient {
  readonly #model: WidgetModel;
  readonly #link: WidgetLink;
  readonly #watch: ReturnType<typeof setInterval>;

  /**
   * @param closed whether the host shows the connection to be closed; for hosts whose model doesn't say
   */
  constructor(model: WidgetModel, closed: () => boolean = () => false) {
    this.#model = model;
    this.#link = new WidgetLink(model, closed, 'The panel was closed.');
    this.#link.listen('change:snapshot', () => this.#link.hear());
    this.#watch = setInterval(() => this.#checkQuiet(), WATCH_MS);
  }

  subscribe(callback: (snapshot: Snapshot) => void): () => void {
    const tell = () => {
      const snapshot = this.#model.get('snapshot');
      if (isSnapshot(snapshot)) {
        callback(snapshot);
      }
    };
    tell();
    return this.#link.listen('change:snapshot', tell);
  }

  connection(): Connection {
    return this.#link.connection();
  }

  onConnection(callback: (connection: Connection) => void): () => void {
    return this.#link.onConnection(callback);
  }

  act(verb: Verb | Computation, args: Record<string, unknown> = {}): Promise<unknown> {
    return this.#link.request(verb, args);
  }

  async curve(names: string[], start: number | null, stop: number | null, points: number): Promise<Curves> {
    return (await this.#link.request('curve', { names, start, stop, points })) as Curves;
  }

  read(what: Question, args: Record<string, unknown> = {}): Promise<unknown> {
    return this.#link.request(what, said(args));
  }

  /** Reads the script that shows what a model does, which is no part of the one that notebooks keep. */
  async module(): Promise<string> {
    return ((await this.#link.request('module', {})) as { script: string }).script;
  }

  /** Asks whether the kernel has time now; without an answer within so many milliseconds it hasn't. */
  async answers(patience: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<boolean>(resolve => {
      timer = setTimeout(() => resolve(false), patience);
    });
    const asked = this.#link.request('ping', {}).then(
      () => true,
      () => false
    );
    const answered = await Promise.race([asked, late]);
    clearTimeout(timer);
    return answered;
  }

  close(): void {
    clearInterval(this.#watch);
    this.#link.close();
  }

  #checkQuiet(): void {
    this.#link.look();
    const snapshot = this.#model.get('snapshot');
    const patience = isSnapshot(snapshot) ? QUIET_MS[snapshot.run.state] : undefined;
    const quiet = patience !== undefined && this.#link.quietFor > patience;
    if (quiet && !document.hidden && this.connection() === 'connected' && this.#link.idle) {
      this.#link.ping();
    }
  }
}

/** Only what is said: the other side has defaults for the rest. */
function said(args: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(args).filter(([, value]) => value !== null && value !== undefined)
  );
}

function isSnapshot(value: unknown): value is Snapshot {
  return typeof value === 'object' && value !== null && 'run' in value && 'progress' in value;
}
