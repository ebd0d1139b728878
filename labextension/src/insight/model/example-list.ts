import { useEffect, useState } from 'preact/hooks';
import { Changing } from '../../model/changing';
import { message } from '../../model/run-model';
import { useChanges } from '../../studio/hooks';
import type { InsightClient } from '../contract';
import type { Examples, Item } from './answers';

export type Order = 'index' | 'confidence' | '-confidence' | 'loss' | '-loss';

/** Which examples are listed. */
export interface Wanted {
  epoch?: number;
  /** Those of a test run, in place of a validation's. */
  test_run?: number;
  truth?: number | null;
  predicted?: number | null;
  correct?: boolean | null;
  sort?: Order;
}

/**
 * Examples of a validation, page by page. What was read stays in place while more is read; with another question it
 * stays until the first page of the answer is there, so that nothing jumps.
 */
export class ExampleList extends Changing {
  items: Item[] = [];
  /** All but the items of the newest answer. */
  about: Omit<Examples, 'items'> | null = null;
  busy = false;
  error: string | null = null;
  /** Counts the questions answered; a list that shows another answer begins at its top. */
  answered = 0;
  readonly #client: InsightClient;
  readonly #page: number;
  #wanted: Wanted | null = null;
  #question = 0;
  /** Where the page begins that was asked for last. */
  #offset = 0;

  /** @param page examples read at once */
  constructor(client: InsightClient, page: number) {
    super();
    this.#client = client;
    this.#page = page;
  }

  get complete(): boolean {
    return this.about !== null && this.items.length >= this.about.total;
  }

  /** Lists other examples; the same question is asked once. */
  ask(wanted: Wanted): void {
    if (this.#wanted === null || JSON.stringify(wanted) !== JSON.stringify(this.#wanted)) {
      this.#wanted = wanted;
      void this.#read(0);
    }
  }

  more(): void {
    if (!this.busy && !this.complete && this.about !== null && this.error === null) {
      void this.#read(this.items.length);
    }
  }

  again(): void {
    void this.#read(this.#offset);
  }

  async #read(offset: number): Promise<void> {
    this.#question += 1;
    const mine = this.#question;
    this.#offset = offset;
    this.busy = true;
    this.error = null;
    this.tell();
    try {
      const args = { ...this.#wanted, offset, count: this.#page };
      const { items, ...about } = (await this.#client.read('examples', args)) as Examples;
      if (mine === this.#question) {
        this.items = offset === 0 ? items : [...this.items, ...items];
        // Nothing more comes, whatever the total says.
        this.about = items.length === 0 ? { ...about, total: this.items.length } : about;
        this.answered += offset === 0 ? 1 : 0;
      }
    } catch (error) {
      if (mine === this.#question) {
        this.error = message(error);
      }
    }
    if (mine === this.#question) {
      this.busy = false;
      this.tell();
    }
  }
}

/** The examples that are wanted; asked for when what is wanted rests for so long. */
export function useExamples(
  client: InsightClient,
  wanted: Wanted | null,
  page: number,
  rest: number
): ExampleList {
  const [list] = useState(() => new ExampleList(client, page));
  useChanges(list);
  const key = JSON.stringify(wanted);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says what is wanted.
  useEffect(() => {
    if (wanted === null) {
      return undefined;
    }
    // The first question is asked at once.
    if (list.about === null && !list.busy) {
      list.ask(wanted);
      return undefined;
    }
    const timer = setTimeout(() => list.ask(wanted), rest);
    return () => clearTimeout(timer);
  }, [list, key, rest]);
  return list;
}
