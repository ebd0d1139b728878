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

export type Tone = 'light' | 'middle' | 'deep';

interface Band {
  tone: Tone;
  strength: [number, number];
  depth: [number, number];
}

/**
 * Bands of colour on each of which one ink reads well (at least 4.5 : 1) on every colour of the palette, in the light
 * and in the dark: the text's own, black, and white or black. Depths between them are left out, since no ink does.
 */
const LIGHT: Band = { tone: 'light', strength: [0, 0.45], depth: [0, 0.38] };
const BANDS: Band[] = [
  LIGHT,
  { tone: 'middle', strength: [0.45, 0.9], depth: [0.63, 0.8] },
  { tone: 'deep', strength: [0.9, 1], depth: [0.94, 1] }
];

/** How much colour a cell of some strength gets, and which ink is legible on it. */
export function shade(value: number): { depth: number; tone: Tone } {
  const band = BANDS.findLast(({ strength: [from] }) => value >= from) ?? LIGHT;
  const [from, to] = band.strength;
  const [least, most] = band.depth;
  return { depth: least + ((value - from) / (to - from)) * (most - least), tone: band.tone };
}
