import type { Checkpoint, Snapshot } from '../../contract';
import type { InsightClient } from '../contract';
import type { Order } from './example-list';

/** Which examples a person wants to see, and in what order. */
export interface Filter {
  correct: boolean | null;
  truth: number | null;
  predicted: number | null;
  sort: Order;
}

export const EVERYTHING: Filter = { correct: null, truth: null, predicted: null, sort: 'index' };

const chosen = new WeakMap<InsightClient, Filter>();

/** What was chosen for a run; kept while other views are open. */
export function filterOf(client: InsightClient): Filter {
  return chosen.get(client) ?? EVERYTHING;
}

export function keepFilter(client: InsightClient, filter: Filter): void {
  chosen.set(client, filter);
}

/** The checkpoint that is asked where it looked: the epoch's own, else the best; `null` where there is none. */
export function lookingCheckpoint({ checkpoints }: Snapshot, epoch: number | null): Checkpoint | null {
  const own = checkpoints.find(checkpoint => checkpoint.epoch === epoch);
  const known = own ?? checkpoints.find(({ kinds }) => kinds.includes('best'));
  return known ?? checkpoints.toSorted((a, b) => b.step - a.step)[0] ?? null;
}
