import type { Confusion } from '../contract';
import { rowTotals, shade } from './matrix';

/** What one matrix has more (or less) than another, cell by cell. */
export interface MatrixDifference {
  labels: string[];
  /** Rows are true classes, columns predicted ones: `after` less `before`. */
  cells: number[][];
  /** The largest size of any cell. */
  most: number;
}

export type DifferenceUnit = 'counts' | 'shares';

/**
 * Takes one matrix from another: counts, or percent of the true class. `null` where they aren't of the same classes.
 */
export function matrixDifference(
  before: Confusion,
  after: Confusion,
  unit: DifferenceUnit
): MatrixDifference | null {
  if (
    before.labels.length !== after.labels.length ||
    before.labels.some((name, i) => name !== after.labels[i])
  ) {
    return null;
  }
  const [old, fresh] = [inUnit(before, unit), inUnit(after, unit)];
  const cells = fresh.map((row, truth) =>
    row.map((value, predicted) => value - (old[truth]?.[predicted] ?? 0))
  );
  const most = cells.reduce((top, row) => row.reduce((best, cell) => Math.max(best, Math.abs(cell)), top), 0);
  return { labels: after.labels, cells, most };
}

function inUnit(confusion: Confusion, unit: DifferenceUnit): number[][] {
  if (unit === 'counts') {
    return confusion.matrix;
  }
  const totals = rowTotals(confusion);
  return confusion.matrix.map((row, i) => row.map(value => (100 * value) / Math.max(1, totals[i] ?? 0)));
}

/** More on the diagonal is better, more beside it worse. */
export type Side = 'better' | 'worse' | 'same';

export function sideOf(value: number, onDiagonal: boolean): Side {
  return value === 0 ? 'same' : value > 0 === onDiagonal ? 'better' : 'worse';
}

/** How strongly a cell is coloured, on either side of nothing; the depths are those of `shade`, so text stays legible. */
export function difference(
  value: number,
  most: number
): { depth: number; tone: 'light' | 'middle' | 'deep' } {
  return shade(most > 0 ? Math.sqrt(Math.min(1, Math.abs(value) / most)) : 0);
}

/** A change with its sign, a true minus for less: `+3`, `−2`, `+1.4`; nothing for none. */
export function signed(value: number, digits = 0): string {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? '' : `${value > 0 ? '+' : '−'}${text}`;
}

export interface ChangedCell {
  truth: number;
  predicted: number;
  change: number;
  side: Side;
}

/** The cells that changed most, largest first. */
export function mostChanged({ cells }: MatrixDifference, limit: number): ChangedCell[] {
  return cells
    .flatMap((row, truth) =>
      row.map((change, predicted) => ({
        truth,
        predicted,
        change,
        side: sideOf(change, truth === predicted)
      }))
    )
    .filter(({ change }) => change !== 0)
    .sort((a, b) => Math.abs(b.change) - Math.abs(a.change))
    .slice(0, limit);
}
