import { Changing } from '../../model/changing';
import { message } from '../../model/run-model';
import type { InsightClient } from '../contract';
import type { TestWords } from '../words/tests';
import type { CheckpointName } from './asking';
import { perRun } from './per-run';
import { type TestRun, nameOf, startTest } from './test-runs';

/** Test runs that were asked for; kept while other views are looked at. */
export class TestDesk extends Changing {
  /** The data set that is being tested on; `null` while nothing is. */
  running: string | null = null;
  /** What came of the last request. */
  said: { text: string; failed: boolean } | null = null;
  /** Grows whenever the list is another one. */
  version = 0;
  readonly #client: InsightClient;

  constructor(client: InsightClient) {
    super();
    this.#client = client;
  }

  async start(asked: { data: string; checkpoint: CheckpointName }, words: TestWords): Promise<void> {
    const name = asked.data || words.heldBack;
    this.#change({ running: name, said: null });
    try {
      const test = await startTest(this.#client, asked);
      this.#change({ said: { text: words.done(nameOf(test, words.heldBack), test.count), failed: false } });
    } catch (error) {
      this.#change({ said: { text: message(error), failed: true } });
    }
    this.#change({ running: null, version: this.version + 1 });
  }

  async delete(test: TestRun, words: TestWords): Promise<void> {
    try {
      await this.#client.act('delete_test', { number: test.number });
      this.#change({ said: { text: words.forgotten(nameOf(test, words.heldBack)), failed: false } });
    } catch (error) {
      this.#change({ said: { text: message(error), failed: true } });
    }
    this.#change({ version: this.version + 1 });
  }

  fail(text: string): void {
    this.#change({ said: { text, failed: true } });
  }

  #change(part: Partial<Pick<TestDesk, 'running' | 'said' | 'version'>>): void {
    Object.assign(this, part);
    this.tell();
  }
}

/** The desk of a run's tests. */
export const testDeskOf = perRun(client => new TestDesk(client));
