import type { Connection } from '../contract';

/** What anywidget hands a widget: Jupyter's model, less what it keeps to itself. */
export interface WidgetModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown): void;
  on(name: string, callback: (...args: never[]) => void): void;
  off(name: string, callback: (...args: never[]) => void): void;
  /** Whether the comm is open; hosts that don't say are asked otherwise. */
  comm_live?: boolean;
}

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

type Reply = { kind: 'reply'; id: string } & ({ ok: true; result: unknown } | { ok: false; error: string });

/** No answer for so long, and the kernel is taken to be busy or gone. */
const SILENT_MS = 4000;

/**
 * The way to a kernel and back through an anywidget model: requests go out as custom messages
 * `{kind: 'request', id, verb, arguments}` and are answered by `{kind: 'reply', id, …}`.
 */
export class WidgetLink {
  readonly #model: WidgetModel;
  readonly #closed: () => boolean;
  readonly #farewell: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #listeners = new Set<(connection: Connection) => void>();
  readonly #releases = new Set<() => void>();
  // Every view of a model hears every reply, so ids must differ between views.
  readonly #prefix = Math.random().toString(36).slice(2, 10);
  #requests = 0;
  #state: Connection = 'connected';
  /** Whether sending failed; no sign but a change or a reply mends that. */
  #broken = false;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #heard = Date.now();

  /**
   * @param closed whether the host shows the connection to be closed; for hosts whose model doesn't say
   * @param farewell what those are told who still wait when this is closed
   */
  constructor(model: WidgetModel, closed: () => boolean, farewell: string) {
    this.#model = model;
    this.#closed = closed;
    this.#farewell = farewell;
    this.listen('msg:custom', (content: unknown) => this.#receive(content));
    // The host marks its own view in the same turn, and may not say what changed: look and ask after it has.
    this.listen('comm_live_update', () => setTimeout(() => this.ping()));
    setTimeout(() => this.look());
  }

  connection(): Connection {
    return this.#state;
  }

  onConnection(callback: (connection: Connection) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  /** Whether nobody waits for an answer. */
  get idle(): boolean {
    return this.#waiting.size === 0;
  }

  /** Milliseconds since there was a sign of life. */
  get quietFor(): number {
    return Date.now() - this.#heard;
  }

  request(verb: string, args: Record<string, unknown>): Promise<unknown> {
    this.look();
    if (this.#state === 'disconnected') {
      return Promise.reject(new Error('The kernel is gone, so nothing can be asked of it.'));
    }
    this.#requests += 1;
    const id = `${this.#prefix}-${this.#requests}`;
    const reply = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    try {
      this.#model.send({ kind: 'request', id, verb, arguments: args });
    } catch {
      // The comm of a kernel that was shut down or replaced refuses to send.
      this.#broken = true;
      this.look();
      return reply;
    }
    this.#silence ??= setTimeout(() => this.#become('silent'), SILENT_MS);
    return reply;
  }

  /** Asks for a sign of life: what is answered doesn't matter, that it is does. */
  ping(): void {
    this.request('ping', {}).catch(() => undefined);
  }

  /** Notes a sign of life. */
  hear(): void {
    this.#heard = Date.now();
    this.#broken = false;
    clearTimeout(this.#silence);
    this.#silence = this.#waiting.size > 0 ? setTimeout(() => this.#become('silent'), SILENT_MS) : undefined;
    this.#become('connected');
  }

  /** Sees whether the host says that the connection is closed. */
  look(): void {
    if (this.#broken || this.#model.comm_live === false || this.#closed()) {
      this.#become('disconnected');
      this.#rejectAll('The kernel is gone.');
    } else if (this.#state === 'disconnected') {
      this.#become('connected');
    }
  }

  /** Listens to the model until this is closed, or what it gives is called. */
  listen(name: string, callback: (content: unknown) => void): () => void {
    this.#model.on(name, callback);
    const release = () => {
      if (this.#releases.delete(release)) {
        this.#model.off(name, callback);
      }
    };
    this.#releases.add(release);
    return release;
  }

  close(): void {
    clearTimeout(this.#silence);
    for (const release of this.#releases) {
      release();
    }
    this.#rejectAll(this.#farewell);
  }

  #receive(content: unknown): void {
    if (!isReply(content)) {
      return;
    }
    const waiting = this.#waiting.get(content.id);
    this.#waiting.delete(content.id);
    this.hear();
    if (content.ok) {
      waiting?.resolve(content.result);
    } else {
      waiting?.reject(new Error(content.error));
    }
  }

  #become(state: Connection): void {
    if (state === this.#state) {
      return;
    }
    this.#state = state;
    for (const listener of this.#listeners) {
      listener(state);
    }
  }

  #rejectAll(reason: string): void {
    for (const { reject } of this.#waiting.values()) {
      reject(new Error(reason));
    }
    this.#waiting.clear();
    clearTimeout(this.#silence);
    this.#silence = undefined;
  }
}

function isReply(value: unknown): value is Reply {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'reply' &&
    'id' in value &&
    typeof value.id === 'string' &&
    'ok' in value
  );
}
