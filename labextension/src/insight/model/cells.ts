import type { Confusion } from '../../contract';
import { strength } from '../../model/matrix';

/** What cells are compared with: each other, their true class, or what they were taken for. */
export type Shown = 'counts' | 'shares' | 'columns';

/** Sums that cells are compared with. */
export interface Totals {
  rows: Float64Array;
  columns: Float64Array;
  right: number;
  all: number;
}

export function totals(counts: Int32Array, size: number): Totals {
  const rows = new Float64Array(size);
  const columns = new Float64Array(size);
  let right = 0;
  let all = 0;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const value = counts[row * size + column] ?? 0;
      rows[row] = (rows[row] ?? 0) + value;
      columns[column] = (columns[column] ?? 0) + value;
      all += value;
      right += row === column ? value : 0;
    }
  }
  return { rows, columns, right, all };
}

/** How strongly each cell is coloured, 0 to 255, and 0 only where nothing is. */
export function depths(counts: Int32Array, size: number, shown: Shown, sums: Totals): Uint8Array {
  const found = new Uint8Array(size * size);
  const biggest = Math.max(1, ...sums.rows);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const at = row * size + column;
      const value = counts[at] ?? 0;
      if (value > 0) {
        const right = row === column;
        const whole = (shown === 'columns' ? sums.columns[column] : sums.rows[row]) ?? 0;
        const scale = shown === 'counts' && right ? biggest : whole;
        found[at] = Math.max(1, Math.round(255 * strength(value, scale, right)));
      }
    }
  }
  return found;
}

/** The same as rows of numbers, for a matrix that is drawn as a table. */
export function asConfusion(counts: Int32Array, labels: string[], epoch: number): Confusion {
  const size = labels.length;
  const matrix = labels.map((_, row) => [...counts.subarray(row * size, (row + 1) * size)]);
  return { epoch, labels, matrix };
}
