import type { RunRow, Sort } from '../studio/contract';

export type Compare = (a: RunRow, b: RunRow) => number;

/** Orders the page can keep by itself. */
const KNOWN: Partial<Record<Sort, Compare>> = {
  newest: (a, b) => b.number - a.number,
  oldest: (a, b) => a.number - b.number,
  updated: (a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at)
};

/** How rows are ordered; where the server alone knows that, a row stands first until it has been asked. */
export function compareBy(sort: Sort): Compare {
  return KNOWN[sort] ?? (() => -1);
}
