import type { Confusion } from '../contract';

export interface Confused {
  truth: number;
  predicted: number;
  count: number;
  /** How much of its true class it is. */
  share: number;
}

/** How many samples there are of each true class. */
export function rowTotals({ matrix }: Confusion): number[] {
  return matrix.map(row => row.reduce((sum, value) => sum + value, 0));
}

/** Samples in all, and how many lie on the diagonal. */
export function hits(confusion: Confusion): { right: number; all: number } {
  const all = rowTotals(confusion).reduce((sum, value) => sum + value, 0);
  const right = confusion.matrix.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  return { right, all };
}

/** The pairs most often taken for one another, most frequent first. */
export function mostConfused(confusion: Confusion, limit: number): Confused[] {
  const totals = rowTotals(confusion);
  return confusion.matrix
    .flatMap((row, truth) =>
      row.map((count, predicted) => ({ truth, predicted, count, share: count / (totals[truth] || 1) }))
    )
    .filter(cell => cell.truth !== cell.predicted && cell.count > 0)
    .sort((a, b) => b.count - a.count || b.share - a.share)
    .slice(0, limit);
}

/**
 * How strongly a cell is coloured, 0 to 1. Mistakes are rare, so they are lifted by a square root: one in a
 * hundred is seen.
 */
export function strength(value: number, scale: number, right: boolean): number {
  const fraction = scale > 0 ? Math.min(1, value / scale) : 0;
  return right ? fraction : Math.sqrt(fraction);
}
