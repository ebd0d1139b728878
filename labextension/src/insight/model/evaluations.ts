import { useEffect } from 'preact/hooks';
import type { Snapshot } from '../../contract';
import { Changing } from '../../model/changing';
import { message } from '../../model/run-model';
import { useChanges } from '../../studio/hooks';
import type { InsightClient, InsightProps } from '../contract';
import type { Evaluation, PackedMatrices } from './answers';
import { Matrices } from './matrices';
import { perRun } from './per-run';

/** A cell of a confusion matrix: what was there, and what it was taken for. */
export interface Cell {
  truth: number;
  predicted: number;
}

/** A slider on its way asks for nothing; one that rests for so long does. */
const REST_MS = 80;
/** Epochs may end faster than anybody reads them. */
const REFRESH_MS = 1000;

/**
 * What the validations of a run found, by epoch, and the epoch that is looked at: the same in every view, and kept
 * while others are open.
 */
export class Evaluations extends Changing {
  /** Every validated epoch, oldest first. */
  epochs: number[] = [];
  labels: string[] = [];
  /** Why nothing could be read. */
  error: string | null = null;
  /** Whether the newest was read once, or couldn't be. */
  known = false;
  /** The cell whose examples are listed. */
  cell: Cell | null = null;
  readonly #client: InsightClient;
  readonly #evaluations = new Map<number, Evaluation>();
  readonly #asked = new Set<number>();
  readonly #matrices: Matrices;
  #chosen: number | null = null;
  #sign = '';
  #attempts = 0;
  /** Times the newest was asked for, and which of them was answered last: an answer to one before it is ignored. */
  #reads = 0;
  #answered = 0;
  #refreshed = 0;
  #refresh: ReturnType<typeof setTimeout> | undefined;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(client: InsightClient) {
    super();
    this.#client = client;
    const ask = (after: number, limit: number) =>
      client.read('confusions', { after, limit }) as Promise<PackedMatrices>;
    this.#matrices = new Matrices(ask, () => this.tell());
  }

  /** The epoch that is looked at: the newest, unless another was chosen; `null` before the first validation. */
  get epoch(): number | null {
    return this.#chosen ?? this.epochs.at(-1) ?? null;
  }

  /** Looks at an epoch; at the newest one it goes on with those that come. */
  choose(epoch: number): void {
    this.#chosen = epoch === this.epochs.at(-1) ? null : epoch;
    this.tell();
  }

  pick(cell: Cell | null): void {
    this.cell = cell;
    this.tell();
  }

  /** Reads the newest validation, if the snapshot tells of one. */
  follow({ run, epochs, confusion }: Snapshot): void {
    const sign = `${run.id} ${run.attempts} ${epochs.epoch?.length ?? 0} ${confusion?.epoch ?? ''}`;
    if (sign === this.#sign) {
      return;
    }
    this.#sign = sign;
    if (run.attempts !== this.#attempts) {
      // It may have gone on from an earlier epoch.
      this.#attempts = run.attempts;
      this.#evaluations.clear();
      this.#asked.clear();
      this.#matrices.clear();
      this.#answered = this.#reads + 1;
    }
    clearTimeout(this.#refresh);
    const pause = Math.max(0, this.#refreshed + REFRESH_MS - Date.now());
    this.#refresh = setTimeout(() => void this.readNewest(), pause);
  }

  async readNewest(): Promise<void> {
    this.#refreshed = Date.now();
    this.#reads += 1;
    const mine = this.#reads;
    const late = () => mine < this.#answered;
    try {
      const newest = (await this.#client.read('evaluation')) as Evaluation;
      if (late()) {
        return;
      }
      this.#answered = mine;
      this.error = null;
      this.epochs = newest.epochs;
      this.labels = newest.labels;
      if (this.#chosen !== null && !newest.epochs.includes(this.#chosen)) {
        this.#chosen = null;
      }
      if (newest.epoch !== null) {
        this.#evaluations.set(newest.epoch, newest);
      }
      this.#matrices.about(newest.epochs, newest.labels.length);
    } catch (error) {
      if (late()) {
        return;
      }
      this.error = message(error);
      // So that it is read after a break, also of a run that has ended.
      this.#sign = '';
    }
    this.known = true;
    this.tell();
  }

  /** What the validation of an epoch found; `undefined` while it is read. */
  evaluation(epoch: number): Evaluation | undefined {
    return this.#evaluations.get(epoch);
  }

  /** Reads the validation of an epoch as soon as nobody asks for another. */
  wantEvaluation(epoch: number): void {
    clearTimeout(this.#rest);
    if (!this.#evaluations.has(epoch) && !this.#asked.has(epoch)) {
      this.#rest = setTimeout(() => void this.#readEvaluation(epoch), REST_MS);
    }
  }

  /** The counts of an epoch's confusion matrix, row by row; `undefined` while they are fetched. */
  matrix(epoch: number): Int32Array | undefined {
    return this.#matrices.at(epoch);
  }

  /** Whether that validation counted nothing: its epoch has no matrix. */
  lacksMatrix(epoch: number): boolean {
    return this.#matrices.lacks(epoch);
  }

  matrixError(epoch: number): string | null {
    return this.#matrices.error(epoch)?.message ?? null;
  }

  wantMatrix(epoch: number): void {
    if (this.labels.length > 0) {
      this.#matrices.want(epoch);
    }
  }

  async #readEvaluation(epoch: number): Promise<void> {
    this.#asked.add(epoch);
    const attempt = this.#attempts;
    try {
      const found = (await this.#client.read('evaluation', { epoch })) as Evaluation;
      if (attempt !== this.#attempts) {
        // Whoever shows that epoch still waits for it.
        if (!this.#asked.has(epoch)) {
          await this.#readEvaluation(epoch);
        }
        return;
      }
      this.#evaluations.set(epoch, found);
      this.error = null;
    } catch (error) {
      this.error = message(error);
    }
    this.#asked.delete(epoch);
    this.tell();
  }
}

const evaluationsOf = perRun(client => new Evaluations(client));

/** What the validations of the run found; drawn anew when there is more. */
export function useEvaluations({ client, snapshot, gone }: InsightProps): Evaluations {
  const evaluations = evaluationsOf(client);
  useChanges(evaluations);
  useEffect(() => {
    if (!gone) {
      evaluations.follow(snapshot);
    }
  }, [evaluations, snapshot, gone]);
  return evaluations;
}
