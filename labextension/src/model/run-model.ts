import type { Connection, Curves, RunClient, Snapshot, Verb } from '../contract';
import { GIVE_UP_MS, type Pending, answered, ask, outcome, settle } from './pending';
import { share } from './share';

/** Something to tell the person who asked: what a control did, or why it didn't. */
export interface Notice {
  text: string;
  failed: boolean;
}

/** So long the outcome of a control is shown. */
const NOTICE_MS = 8000;

export interface RunView {
  snapshot: Snapshot | null;
  connection: Connection;
  pending: Pending[];
  notice: Notice | null;
}

/**
 * What the components show: the newest snapshot, with what didn't change kept as the same object; the
 * connection; what was asked and is not answered yet; and the newest answer.
 */
export class RunModel {
  view: RunView;
  readonly #client: RunClient;
  readonly #listeners = new Set<() => void>();
  readonly #release: (() => void)[];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(client: RunClient) {
    this.#client = client;
    this.view = { snapshot: null, connection: client.connection(), pending: [], notice: null };
    this.#release = [
      client.subscribe(snapshot => this.#receive(snapshot)),
      client.onConnection(connection => this.#change({ connection }))
    ];
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Steers the run; the answer appears as a notice. Resolves to whether it was taken in. */
  async steer(verb: Verb, args: Record<string, unknown> = {}): Promise<boolean> {
    const pending = ask(verb, this.view.snapshot);
    this.#change({ pending: [...this.view.pending, pending], notice: null });
    const drop = () => this.#change({ pending: this.view.pending.filter(other => other !== pending) });
    try {
      const answer = await this.#client.act(verb, args);
      if (verb === 'clone') {
        // A clone is another run: nothing of it will show in this one.
        drop();
        this.tell(cloned(answer));
      } else {
        pending.accepted = Date.now();
        this.#settleNow();
        this.#later(GIVE_UP_MS + 1, () => this.#settleNow());
      }
      return true;
    } catch (error) {
      drop();
      this.tell(message(error), true);
      return false;
    }
  }

  /** For who asks for something that is answered at once, and shows it; the same object as long as the model lives. */
  get asking(): Pick<RunClient, 'act' | 'read' | 'testFile'> {
    return this.#client;
  }

  curve(names: string[], start: number | null, stop: number | null, points: number): Promise<Curves> {
    return this.#client.curve(names, start, stop, points);
  }

  /** Shows a notice; what succeeded gives way to the newest event after a while, what failed stays. */
  tell(text: string, failed = false): void {
    const notice = { text, failed };
    this.#change({ notice });
    if (!failed) {
      this.#later(NOTICE_MS, () => this.view.notice === notice && this.dismiss());
    }
  }

  dismiss(): void {
    this.#change({ notice: null });
  }

  close(): void {
    for (const release of this.#release) {
      release();
    }
    for (const timer of this.#timers) {
      clearTimeout(timer);
    }
    this.#listeners.clear();
  }

  #later(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
  }

  #settleNow(): void {
    const { snapshot, pending } = this.view;
    if (snapshot !== null && pending.length > 0) {
      this.#change({ pending: settle(pending, snapshot, Date.now()) });
    }
  }

  #receive(incoming: Snapshot): void {
    const before = this.view.snapshot;
    const snapshot = share(before, incoming);
    const news = before === null ? [] : answered(before.controls, snapshot.controls);
    const last = news.at(-1);
    this.#change({ snapshot, pending: settle(this.view.pending, snapshot, Date.now()) });
    if (last !== undefined) {
      this.tell(outcome(last), last.status === 'refused');
    }
  }

  #change(part: Partial<RunView>): void {
    this.view = { ...this.view, ...part };
    for (const listener of this.#listeners) {
      listener();
    }
  }
}

export function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What a clone is called, as far as the answer says. */
function cloned(answer: unknown): string {
  const named = typeof answer === 'object' && answer !== null && 'name' in answer && 'id' in answer;
  return named ? `Cloned as ${answer.name} (${answer.id}).` : 'Cloned.';
}
