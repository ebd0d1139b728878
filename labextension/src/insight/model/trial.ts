import { useEffect } from 'preact/hooks';
import type { TryResult } from '../../contract';
import { Changing } from '../../model/changing';
import { message } from '../../model/run-model';
import { useChanges } from '../../studio/hooks';
import type { InsightClient, InsightProps } from '../contract';
import { perRun } from './per-run';

export const COUNT = 12;

/** Predictions of a checkpoint on validation examples; kept while other views are looked at. */
export class Trial extends Changing {
  checkpoint: string | number = 'best';
  result: TryResult | null = null;
  error: string | null = null;
  busy = false;
  offset = 0;
  /** The newest request from outside that was begun. */
  request = 0;
  readonly #client: InsightClient;
  #newest = 0;

  constructor(client: InsightClient) {
    super();
    this.#client = client;
  }

  start(checkpoint: string | number, offset: number): void {
    this.#newest += 1;
    const mine = this.#newest;
    const finish = (part: Partial<Trial>) => {
      if (mine === this.#newest) {
        this.#change({ busy: false, ...part });
      }
    };
    this.#change({ checkpoint, offset, busy: true, error: null });
    this.#client
      .act('try', { checkpoint, count: COUNT, offset })
      .then(result => finish({ result: result as TryResult }))
      .catch((error: unknown) => finish({ error: message(error) }));
  }

  #change(part: Partial<Trial>): void {
    Object.assign(this, part);
    this.tell();
  }
}

const trialOf = perRun(client => new Trial(client));

/** The trial of a run, drawn anew when it changes; begins what was asked for outside of the view. */
export function useTrial(client: InsightClient, trying: InsightProps['trying']): Trial {
  const trial = trialOf(client);
  useChanges(trial);
  useEffect(() => {
    if (trying !== null && trying.request !== trial.request) {
      trial.request = trying.request;
      trial.start(trying.checkpoint, 0);
    }
  }, [trial, trying]);
  return trial;
}
