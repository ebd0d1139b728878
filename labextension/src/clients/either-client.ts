import type { Computation, Connection, Curves, Question, RunClient, Snapshot, Verb } from '../contract';
import type { ServedRun } from '../studio/contract';
import type { WidgetClient } from './widget-client';

/** So long the kernel may take to show that it has time. */
const PATIENCE_MS = 1000;
/**
 * What the kernel does in a way of its own, if it has the time: a run that ended goes on in it, a clone can have its
 * objects, and a prediction finds the model in memory. The server does the same in processes of its own.
 */
const BETTER_IN_KERNEL: ReadonlySet<Verb | Computation> = new Set([
  'resume',
  'clone',
  'try',
  'predict',
  'heatmaps'
]);

/**
 * The kernel and the Jupyter server, which both know the run: what one of them tells first is shown, and what is
 * asked is asked of the one that answers. Until there is a server it is the kernel alone.
 */
export class EitherClient implements RunClient {
  readonly #kernel: WidgetClient;
  readonly #snapshots = new Set<(snapshot: Snapshot) => void>();
  readonly #listeners = new Set<(connection: Connection) => void>();
  readonly #releases: (() => void)[] = [];
  #server: ServedRun | null = null;
  #last: Snapshot | null = null;
  #told: Connection;
  #closed = false;

  /** @param server resolves to the run as the server has it, or to `null` where no server has it */
  constructor(kernel: WidgetClient, server: Promise<ServedRun | null>) {
    this.#kernel = kernel;
    this.#follow(kernel);
    this.#told = this.connection();
    // Whatever keeps the server from being reached, there is the kernel.
    server.then(
      served => this.#join(served),
      () => undefined
    );
  }

  subscribe(callback: (snapshot: Snapshot) => void): () => void {
    this.#snapshots.add(callback);
    if (this.#last !== null) {
      callback(this.#last);
    }
    return () => this.#snapshots.delete(callback);
  }

  connection(): Connection {
    const both = [this.#kernel.connection(), this.#server?.connection() ?? 'disconnected'];
    return both.includes('connected') ? 'connected' : both.includes('silent') ? 'silent' : 'disconnected';
  }

  onConnection(callback: (connection: Connection) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  async act(verb: Verb | Computation, args: Record<string, unknown> = {}): Promise<unknown> {
    const server = this.#reachable();
    if (server === null || (BETTER_IN_KERNEL.has(verb) && (await this.#kernel.answers(PATIENCE_MS)))) {
      return this.#kernel.act(verb, args);
    }
    return server.act(verb, args);
  }

  curve(names: string[], start: number | null, stop: number | null, points: number): Promise<Curves> {
    return (this.#reachable() ?? this.#kernel).curve(names, start, stop, points);
  }

  read(what: Question, args: Record<string, unknown> = {}): Promise<unknown> {
    return (this.#reachable() ?? this.#kernel).read(what, args);
  }

  async testFile(number: number, format: 'csv' | 'json'): Promise<Blob | null> {
    return (await this.#reachable()?.testFile?.(number, format)) ?? null;
  }

  close(): void {
    this.#closed = true;
    for (const release of this.#releases) {
      release();
    }
    this.#server?.close();
    this.#kernel.close();
  }

  #reachable(): ServedRun | null {
    return this.#server?.connection() === 'connected' ? this.#server : null;
  }

  #join(served: ServedRun | null): void {
    if (served === null || this.#closed) {
      served?.close();
      return;
    }
    this.#server = served;
    this.#follow(served);
    this.#look();
  }

  #follow(client: RunClient): void {
    this.#releases.push(
      client.subscribe(snapshot => this.#receive(snapshot)),
      client.onConnection(() => this.#look())
    );
  }

  /** Both count the same changes of the same run. */
  #receive(snapshot: Snapshot): void {
    if (this.#last !== null && snapshot.revision <= this.#last.revision) {
      return;
    }
    this.#last = snapshot;
    for (const callback of this.#snapshots) {
      callback(snapshot);
    }
  }

  #look(): void {
    const connection = this.connection();
    if (connection !== this.#told) {
      this.#told = connection;
      for (const listener of this.#listeners) {
        listener(connection);
      }
    }
  }
}
