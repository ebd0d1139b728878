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
/** A live run that sends nothing for so long is asked whether anyone is there; a running one sends often. */
const QUIET_MS: Partial<Record<RunState, number>> = { running: 4000, pending: 12_000, paused: 12_000 };
/** How often that is looked at. */
const WATCH_MS = 2000;

/**
 * Talks to the kernel through an anywidget model: snapshots come as the trait `snapshot`; requests go out as
 * custom messages `{kind: 'request', id, verb, arguments}` and are answered by `{kind: 'reply', id, …}`.
 *
 * A kernel that was killed and started again leaves the comm looking alive, so a run that has been quiet is
 * asked (`ping`); any answer, even a refusal, proves that somebody is there.
 */
export class WidgetClient implements RunClient {
  readonly #model: WidgetModel;
  readonly #closed: () => boolean;
  readonly #waiting = new Map<string, Waiting>();
  readonly #listeners = new Set<(connection: Connection) => void>();
  readonly #releases = new Set<() => void>();
  // Every view of a model hears every reply, so ids must differ between views.
  readonly #prefix = Math.random().toString(36).slice(2, 10);
  #requests = 0;
  #state: Connection = 'connected';
  /** Whether sending failed; no sign but a snapshot or a reply mends that. */
  #broken = false;
  #silence: ReturnType<typeof setTimeout> | undefined;
  readonly #watch: ReturnType<typeof setInterval>;
  #heard = Date.now();

  /**
   * @param closed whether the host shows the connection to be closed; for hosts whose model doesn't say
   */
  constructor(model: WidgetModel, closed: () => boolean = () => false) {
    this.#model = model;
    this.#closed = closed;
    this.#listen('msg:custom', (content: unknown) => this.#receive(content));
    this.#listen('change:snapshot', () => this.#hear());
    // The host marks its own view in the same turn, and may not say what changed: look and ask after it has.
    this.#listen('comm_live_update', () => setTimeout(() => this.#ping()));
    this.#watch = setInterval(() => this.#checkQuiet(), WATCH_MS);
    setTimeout(() => this.#look());
  }

  subscribe(callback: (snapshot: Snapshot) => void): () => void {
    const tell = () => {
      const snapshot = this.#model.get('snapshot');
      if (isSnapshot(snapshot)) {
        callback(snapshot);
      }
    };
    tell();
    return this.#listen('change:snapshot', tell);
  }

  connection(): Connection {
    return this.#state;
  }

  onConnection(callback: (connection: Connection) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  act(verb: Verb | Computation, args: Record<string, unknown> = {}): Promise<unknown> {
    return this.#request(verb, args);
  }

  async curve(names: string[], start: number | null, stop: number | null, points: number): Promise<Curves> {
    return (await this.#request('curve', { names, start, stop, points })) as Curves;
  }

  read(what: Question, args: Record<string, unknown> = {}): Promise<unknown> {
    return this.#request(what, said(args));
  }

  /** Reads the script that shows what a model does, which is no part of the one that notebooks keep. */
  async module(): Promise<string> {
    return ((await this.#request('module', {})) as { script: string }).script;
  }

  /** Asks whether the kernel has time now; without an answer within so many milliseconds it hasn't. */
  async answers(patience: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<boolean>(resolve => {
      timer = setTimeout(() => resolve(false), patience);
    });
    const asked = this.#request('ping', {}).then(
      () => true,
      () => false
    );
    const answered = await Promise.race([asked, late]);
    clearTimeout(timer);
    return answered;
  }

  close(): void {
    clearInterval(this.#watch);
    clearTimeout(this.#silence);
    for (const release of this.#releases) {
      release();
    }
    this.#rejectAll('The panel was closed.');
  }

  #request(verb: string, args: Record<string, unknown>): Promise<unknown> {
    this.#look();
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
      this.#look();
      return reply;
    }
    this.#silence ??= setTimeout(() => this.#become('silent'), SILENT_MS);
    return reply;
  }

  #receive(content: unknown): void {
    if (!isReply(content)) {
      return;
    }
    const waiting = this.#waiting.get(content.id);
    this.#waiting.delete(content.id);
    this.#hear();
    if (content.ok) {
      waiting?.resolve(content.result);
    } else {
      waiting?.reject(new Error(content.error));
    }
  }

  /** Notes a sign of life. */
  #hear(): void {
    this.#heard = Date.now();
    this.#broken = false;
    clearTimeout(this.#silence);
    this.#silence = this.#waiting.size > 0 ? setTimeout(() => this.#become('silent'), SILENT_MS) : undefined;
    this.#become('connected');
  }

  #look(): void {
    if (this.#broken || this.#model.comm_live === false || this.#closed()) {
      this.#become('disconnected');
      this.#rejectAll('The kernel is gone.');
    } else if (this.#state === 'disconnected') {
      this.#become('connected');
    }
  }

  #checkQuiet(): void {
    this.#look();
    const snapshot = this.#model.get('snapshot');
    const patience = isSnapshot(snapshot) ? QUIET_MS[snapshot.run.state] : undefined;
    const quiet = patience !== undefined && Date.now() - this.#heard > patience;
    if (quiet && !document.hidden && this.#state === 'connected' && this.#waiting.size === 0) {
      this.#ping();
    }
  }

  /** Asks for a sign of life: what is answered doesn't matter, that it is does. */
  #ping(): void {
    this.#request('ping', {}).catch(() => undefined);
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

  #listen(name: string, callback: (content: unknown) => void): () => void {
    this.#model.on(name, callback);
    const release = () => {
      if (this.#releases.delete(release)) {
        this.#model.off(name, callback);
      }
    };
    this.#releases.add(release);
    return release;
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
