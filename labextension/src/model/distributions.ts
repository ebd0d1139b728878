/** Histograms by epoch, told as one picture: epochs from left to right, values from the bottom up. */

export interface Histograms {
  epochs: number[];
  /** Of each epoch, one more than counts. */
  edges: (number | null)[][];
  counts: number[][];
}

export interface Heat {
  epochs: number[];
  /** What the picture reaches from and to. */
  range: [least: number, most: number];
  rows: number;
  /** Of each epoch, the share of its values in each row, from the bottom up. */
  columns: number[][];
  /** The largest share of any row. */
  peak: number;
}

/**
 * Brings histograms with edges of their own onto common rows; a bin that lies over several rows is shared out among them.
 * `null` where no epoch has a value.
 */
export function heat({ epochs, edges, counts }: Histograms, rows = 32): Heat | null {
  const range = commonRange(edges, counts);
  if (range === null) {
    return null;
  }
  const [least, most] = range;
  const height = (most - least) / rows;
  const columns = counts.map((bins, epoch) => {
    const column = new Array<number>(rows).fill(0);
    const all = bins.reduce((sum, bin) => sum + bin, 0);
    bins.forEach((bin, i) => {
      const [from, to] = [edges[epoch]?.[i], edges[epoch]?.[i + 1]];
      if (bin > 0 && from != null && to != null) {
        spread(column, bin / all, (from - least) / height, (to - least) / height);
      }
    });
    return column;
  });
  return { epochs, range, rows, columns, peak: Math.max(...columns.flat(), Number.MIN_VALUE) };
}

/** Adds a share to the rows between two heights; to one of them if it has no extent. */
function spread(column: number[], share: number, from: number, to: number): void {
  const last = column.length - 1;
  const row = (height: number) => Math.min(last, Math.max(0, Math.floor(height)));
  if (to - from < 1e-9) {
    column[row(from)] = (column[row(from)] ?? 0) + share;
    return;
  }
  for (let i = row(from); i <= row(to); i += 1) {
    const overlap = Math.min(to, i + 1) - Math.max(from, i);
    if (overlap > 0) {
      column[i] = (column[i] ?? 0) + (share * overlap) / (to - from);
    }
  }
}

/** From the least to the largest value that was counted; empty bins at the ends are left out. */
function commonRange(edges: Histograms['edges'], counts: number[][]): [number, number] | null {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  counts.forEach((bins, epoch) => {
    bins.forEach((bin, i) => {
      const [from, to] = [edges[epoch]?.[i], edges[epoch]?.[i + 1]];
      if (bin > 0 && from != null && to != null) {
        least = Math.min(least, from);
        most = Math.max(most, to);
      }
    });
  });
  if (least > most) {
    return null;
  }
  // All values alike have a picture too.
  const room = most > least ? 0 : Math.max(Math.abs(least), 1) / 2;
  return [least - room, most + room];
}

/** Where half of the values of an epoch lie below, to a row's height. */
export function median({ columns, range: [least, most], rows }: Heat, epoch: number): number {
  const column = columns[epoch] ?? [];
  let below = 0;
  const row = column.findIndex(share => {
    below += share;
    return below >= 0.5 - 1e-9;
  });
  return least + ((Math.max(0, row) + 0.5) * (most - least)) / rows;
}

/** The row and the epoch under a point of the picture, which are shares of its width and height from the top left. */
export function at(found: Heat, x: number, y: number): { epoch: number; value: number; share: number } {
  const [least, most] = found.range;
  const column = Math.min(found.epochs.length - 1, Math.max(0, Math.floor(x * found.epochs.length)));
  const row = Math.min(found.rows - 1, Math.max(0, Math.floor((1 - y) * found.rows)));
  return {
    epoch: found.epochs[column] ?? 0,
    value: least + ((row + 0.5) * (most - least)) / found.rows,
    share: found.columns[column]?.[row] ?? 0
  };
}
