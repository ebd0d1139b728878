import type { Snapshot } from '../../contract';
import { type Answer, type Request, patched } from './protocol';

/** What is known of a run that somebody follows, however many do. */
export class WatchedRun {
  readonly id: string;
  followers = 0;
  snapshot: Snapshot | null = null;
  /** Why nothing more will come: the run was deleted, or there never was one. */
  ended = false;
  readonly #listeners = new Set<(snapshot: Snapshot) => void>();
  readonly #ends = new Set<() => void>();
  readonly #send: (request: Request) => void;
  /** A patch didn't fit, so the whole was asked for. */
  #asked = false;

  constructor(id: string, send: (request: Request) => void) {
    this.id = id;
    this.#send = send;
  }

  /** Asks to be told what comes after what is known. */
  request(): Request {
    this.#asked = false;
    return { kind: 'watch', id: this.id, revision: this.snapshot?.revision ?? null };
  }

  receive(answer: Extract<Answer, { kind: 'snapshot' | 'patch' | 'gone' | 'error' }>): void {
    if (answer.kind === 'gone' || answer.kind === 'error') {
      this.ended = true;
      this.#tellEnd();
      return;
    }
    if (this.ended) {
      this.ended = false;
      this.#tellEnd();
    }
    const next =
      answer.kind === 'snapshot'
        ? answer.snapshot
        : this.snapshot === null
          ? null
          : patched(this.snapshot, answer);
    if (next !== null) {
      this.#asked = false;
      this.snapshot = next;
      for (const listener of this.#listeners) {
        listener(next);
      }
    } else if (!this.#asked) {
      this.#asked = true;
      this.#send({ kind: 'watch', id: this.id, revision: null });
    }
  }

  subscribe(callback: (snapshot: Snapshot) => void): () => void {
    this.#listeners.add(callback);
    if (this.snapshot !== null) {
      callback(this.snapshot);
    }
    return () => this.#listeners.delete(callback);
  }

  /** Calls back when nothing more will come, and when something comes after all. */
  onEnd(callback: () => void): () => void {
    this.#ends.add(callback);
    return () => this.#ends.delete(callback);
  }

  #tellEnd(): void {
    for (const callback of this.#ends) {
      callback();
    }
  }
}
