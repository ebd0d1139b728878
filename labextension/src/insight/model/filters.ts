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

/**
 * The checkpoint that is asked where it looked: the one at the epoch's end, else the nearest to it that is kept, or the
 * newest without an epoch; `null` where there is none.
 */
export function lookingCheckpoint({ checkpoints }: Snapshot, epoch: number | null): Checkpoint | null {
  const away = (one: Checkpoint) => (epoch === null ? 0 : Math.abs(one.epoch - epoch));
  // Within an epoch, and between two as near, what has learnt longer.
  return checkpoints.toSorted((a, b) => away(a) - away(b) || b.step - a.step)[0] ?? null;
}
