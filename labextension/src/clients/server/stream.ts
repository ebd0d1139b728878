import type { Connection } from '../../contract';
import { type Answer, type Request, readAnswer } from './protocol';

/** A blip shorter than this isn't worth a word. */
const GRACE_MS = 1500;
const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 20_000;
/** How often silence is looked at; after how much of it somebody is asked for; when no answer is worth a word; when the
 * socket is given up. */
const HEART_MS = 2000;
const QUIET_MS = 8000;
const SILENT_MS = 4000;
const DEAD_MS = 15_000;

export interface StreamHost {
  url: () => string;
  /** What to say first on a socket that has just opened. */
  greeting: () => Request[];
  receive: (answer: Answer) => void;
}

/**
 * The one WebSocket to the server. A broken one is opened again, ever more patiently, with some chance in it so
 * that a hundred pages don't come back at once; what is wanted is asked for anew each time.
 */
export class Stream {
  readonly #host: StreamHost;
  readonly #listeners = new Set<(connection: Connection) => void>();
  #socket: WebSocket | null = null;
  #state: Connection = 'connected';
  #failures = 0;
  #opened = false;
  #heard = 0;
  #pinged: number | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #grace: ReturnType<typeof setTimeout> | undefined;
  #heart: ReturnType<typeof setInterval> | undefined;
  #closed = false;
  readonly #online = () => this.#retryNow();

  constructor(host: StreamHost) {
    this.#host = host;
  }

  get connection(): Connection {
    return this.#state;
  }

  /** Calls back when the state changes, and with `connected` again after every break, however short. */
  onConnection(callback: (connection: Connection) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  /** Says something if the socket is open; if not, the greeting will. */
  send(request: Request): void {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(request));
    } else {
      this.#start();
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#grace);
    clearInterval(this.#heart);
    removeEventListener('online', this.#online);
    this.#drop();
  }

  #start(): void {
    if (!this.#opened && !this.#closed) {
      this.#opened = true;
      addEventListener('online', this.#online);
      this.#heart = setInterval(() => this.#beat(), HEART_MS);
      this.#doubt();
      this.#open();
    }
  }

  #open(): void {
    const socket = new WebSocket(this.#host.url());
    this.#socket = socket;
    socket.onopen = () => {
      for (const request of this.#host.greeting()) {
        socket.send(JSON.stringify(request));
      }
      this.#hear();
      // Said even if nobody was told of the break: what was missed in it must be read again.
      this.#tell('connected');
    };
    socket.onmessage = ({ data }) => {
      // Only a server that speaks is back: a proxy opens sockets to nobody.
      this.#failures = 0;
      this.#hear();
      this.#become('connected');
      const answer = readAnswer(data);
      if (answer !== null) {
        this.#host.receive(answer);
      }
    };
    socket.onclose = () => this.#lose();
  }

  #lose(): void {
    this.#drop();
    this.#doubt();
    const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#open(), delay * (0.5 + Math.random() / 2));
  }

  #retryNow(): void {
    if (this.#socket === null && !this.#closed) {
      clearTimeout(this.#retry);
      this.#open();
    }
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#pinged = null;
    if (socket !== null) {
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
  }

  /** Says that the server is away, unless it is back in a moment. */
  #doubt(): void {
    this.#grace ??= setTimeout(() => this.#become('disconnected'), GRACE_MS);
  }

  #hear(): void {
    this.#heard = Date.now();
    this.#pinged = null;
    clearTimeout(this.#grace);
    this.#grace = undefined;
  }

  /** Asks for a sign of life where there has been none, and gives up a socket that only looks open. */
  #beat(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      return;
    }
    const now = Date.now();
    if (this.#pinged === null) {
      if (now - this.#heard > QUIET_MS) {
        this.#pinged = now;
        this.send({ kind: 'ping' });
      }
    } else if (now - this.#pinged > DEAD_MS) {
      this.#lose();
    } else if (now - this.#pinged > SILENT_MS) {
      this.#become('silent');
    }
  }

  #become(state: Connection): void {
    if (state !== this.#state) {
      this.#tell(state);
    }
  }

  #tell(state: Connection): void {
    this.#state = state;
    for (const listener of this.#listeners) {
      listener(state);
    }
  }
}
