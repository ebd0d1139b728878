import { useEffect, useReducer } from 'preact/hooks';
import type { TryResult } from '../../contract';
import { message } from '../../model/run-model';
import type { InsightClient, InsightProps } from '../contract';

export const COUNT = 12;

/** Predictions of a checkpoint on validation examples; kept while other views are looked at. */
export class Trial {
  checkpoint: string | number = 'best';
  result: TryResult | null = null;
  error: string | null = null;
  busy = false;
  offset = 0;
  /** The newest request from outside that was begun. */
  request = 0;
  readonly #client: InsightClient;
  readonly #listeners = new Set<() => void>();
  #newest = 0;

  constructor(client: InsightClient) {
    this.#client = client;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
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
    for (const listener of this.#listeners) {
      listener();
    }
  }
}

const trials = new WeakMap<InsightClient, Trial>();

/** The trial of a run, drawn anew when it changes; begins what was asked for outside of the view. */
export function useTrial(client: InsightClient, trying: InsightProps['trying']): Trial {
  const trial = trials.get(client) ?? new Trial(client);
  trials.set(client, trial);
  const [, draw] = useReducer<number, void>(times => times + 1, 0);
  useEffect(() => trial.subscribe(() => draw()), [trial]);
  useEffect(() => {
    if (trying !== null && trying.request !== trial.request) {
      trial.request = trying.request;
      trial.start(trying.checkpoint, 0);
    }
  }, [trial, trying]);
  return trial;
}
