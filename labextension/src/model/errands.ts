import type { Snapshot, Verb } from '../contract';
import type { RunRow, StudioClient } from '../studio/contract';
import { type Pending, GIVE_UP_MS, outcome, settle, underWay } from './pending';
import { message } from './run-model';
import { isAlive } from './situation';

export type RowVerb = Verb | 'delete';

/** What was asked of a run, until it is answered and the answer was shown for a while. */
export interface Errand {
  verb: RowVerb;
  /** The answer; `null` while there is none. */
  text: string | null;
  failed: boolean;
}

/** What is said where the run itself says nothing. */
export interface ErrandWords {
  done: (verb: RowVerb) => string;
  cloned: (name: string) => string;
  deleted: (name: string) => string;
}

/** So long an answer is shown; what failed stays until it is dismissed. */
const SHOWN_MS = 8000;

/**
 * Asks things of runs that nobody follows. A control is followed until the trainer has answered it, so that
 * "Pausing…" ends when the run is paused and not when the server has taken the request.
 */
export class Errands {
  readonly #client: StudioClient;
  readonly #words: ErrandWords;
  readonly #release: () => void;
  readonly #listeners = new Set<() => void>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #following = new Map<string, () => void>();
  #now: ReadonlyMap<string, Errand> = new Map();
  #closed = false;
  /** The newest answer, for those who can't see the row. */
  newest = '';

  constructor(client: StudioClient, words: ErrandWords) {
    this.#client = client;
    this.#words = words;
    this.#release = client.onRows((_, gone) => {
      for (const id of gone.filter(other => this.#now.has(other))) {
        this.dismiss(id);
      }
    });
  }

  /** What is asked now, by the run's id. */
  get view(): ReadonlyMap<string, Errand> {
    return this.#now;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async run(row: RunRow, verb: RowVerb, args: Record<string, unknown> = {}): Promise<void> {
    const { id, name } = row;
    this.#unfollow(id);
    const mine: Errand = { verb, text: null, failed: false };
    this.#set(id, mine);
    // A row has room for one answer, that to what was asked last.
    const overtaken = () => this.#closed || (this.#now.get(id) ?? mine) !== mine;
    try {
      const answer = await this.#client.act(id, verb, args);
      if (overtaken()) {
        return;
      }
      if (verb === 'delete') {
        this.#end(id, verb, this.#words.deleted(name));
      } else if (verb === 'clone') {
        this.#end(id, verb, this.#words.cloned(field(answer, 'name') ?? name));
      } else {
        this.#follow(row, verb, Number(field(answer, 'id')));
      }
    } catch (error) {
      if (!overtaken()) {
        this.#end(id, verb, message(error), true);
      }
    }
  }

  /** Tells something about a run that wasn't asked of it. */
  tell(id: string, text: string): void {
    this.#end(id, 'try', text);
  }

  dismiss(id: string): void {
    this.#unfollow(id);
    this.#set(id, null);
  }

  close(): void {
    this.#closed = true;
    this.#release();
    for (const id of [...this.#following.keys()]) {
      this.#unfollow(id);
    }
    for (const timer of this.#timers.values()) {
      clearTimeout(timer);
    }
    this.#listeners.clear();
  }

  /** Waits for a control's answer. */
  #follow({ id, state }: RunRow, verb: Verb, control: number): void {
    const pending: Pending = { verb, after: control - 1, state, accepted: Date.now() };
    let last: Snapshot | null = null;
    const look = () => {
      if (last !== null && !isOpen(pending, last)) {
        const answer = last.controls.find(other => other.id === control);
        this.#unfollow(id);
        this.#end(
          id,
          verb,
          answer === undefined ? this.#words.done(verb) : outcome(answer),
          answer?.status === 'refused'
        );
      }
    };
    const run = this.#client.run(id);
    const release = run.subscribe(snapshot => {
      last = snapshot;
      // Not at once: a client may tell the present snapshot before it has given back how to stop.
      queueMicrotask(look);
    });
    const timer = setTimeout(look, GIVE_UP_MS + 1);
    this.#following.set(id, () => {
      clearTimeout(timer);
      release();
      run.close();
    });
  }

  #unfollow(id: string): void {
    const stop = this.#following.get(id);
    this.#following.delete(id);
    stop?.();
  }

  #end(id: string, verb: RowVerb, text: string, failed = false): void {
    this.newest = text;
    this.#set(id, { verb, text, failed });
    if (!failed) {
      this.#timers.set(
        id,
        setTimeout(() => this.#set(id, null), SHOWN_MS)
      );
    }
  }

  #set(id: string, errand: Errand | null): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    const next = new Map(this.#now);
    if (errand === null) {
      next.delete(id);
    } else {
      next.set(id, errand);
    }
    this.#now = next;
    for (const listener of this.#listeners) {
      listener();
    }
  }
}

/** Whether a control still waits for its answer; one that the end of its run overtook never gets any. */
function isOpen(pending: Pending, snapshot: Snapshot): boolean {
  const unseen = settle([pending], snapshot, Date.now());
  return unseen.length > 0 || (isAlive(snapshot.run) && underWay([], snapshot.controls).has(pending.verb));
}

function field(answer: unknown, name: string): string | null {
  const value = typeof answer === 'object' && answer !== null ? Reflect.get(answer, name) : undefined;
  return value === undefined ? null : String(value);
}
