/** What a model is made of, layer by layer. */

export interface Layer {
  name: string;
  type: string;
  input_shape: (number | null)[] | null;
  output_shape: (number | null)[] | null;
  parameters: number;
  trainable: number;
  flops: number | null;
  milliseconds: number | null;
}

export interface Totals {
  parameters: number;
  trainable: number;
  flops: number | null;
  milliseconds: number | null;
  /** Examples of the batch that was timed. */
  samples?: number | null;
}

export interface Analysis {
  layers: Layer[];
  total: Totals;
  notes: string[];
}

/** `[null, 28, 28]` → `? × 28 × 28`. */
export function shape(sizes: (number | null)[] | null): string {
  if (sizes === null) {
    return '–';
  }
  return sizes.length === 0 ? '1' : sizes.map(size => (size === null ? '?' : String(size))).join(' × ');
}

/** A large number with its unit's letter: `1234567` → `1.23 M`. */
export function large(value: number | null): string {
  if (value === null || !Number.isFinite(value)) {
    return '–';
  }
  const letters = ['', 'k', 'M', 'G', 'T', 'P'];
  let rest = value;
  let at = 0;
  while (rest >= 999.5 && at < letters.length - 1) {
    rest /= 1000;
    at += 1;
  }
  return at === 0 ? String(Math.round(rest)) : `${rest.toPrecision(3)} ${letters[at]}`;
}

export type Measure = 'parameters' | 'flops' | 'milliseconds';

/** How much of the largest layer each is, for bars. */
export function bars(layers: Layer[], measure: Measure): number[] {
  const most = Math.max(...layers.map(layer => layer[measure] ?? 0), 0);
  return layers.map(layer => (most > 0 ? (layer[measure] ?? 0) / most : 0));
}
