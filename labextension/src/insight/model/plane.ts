/** Numbers on the axes of a small chart. */

export type Span = [from: number, to: number];

/** Steps that people count in. */
const ROUND = [1, 2, 2.5, 5, 10];

/** About so many round numbers that lie within a span. */
export function ticks([from, to]: Span, wanted: number): number[] {
  const raw = (to - from) / Math.max(1, wanted);
  if (!(raw > 0) || !Number.isFinite(raw)) {
    return [from];
  }
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * (ROUND.find(round => round * power >= raw * 0.999) ?? 10);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  // Multiples, not sums: 0.1 three times is no 0.3.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The span of some values, widened a little, and never empty. */
export function spanOf(values: (number | null)[], margin = 0.04): Span {
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(value));
  if (finite.length === 0) {
    return [0, 1];
  }
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of finite) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const room = (high - low || Math.abs(high) || 1) * margin;
  return [low - room, high + room];
}

/** The point of a line nearest to `x`; `null` if it has none. */
export function nearest(xs: (number | null)[], x: number): number | null {
  let best: number | null = null;
  let distance = Number.POSITIVE_INFINITY;
  xs.forEach((value, i) => {
    if (value !== null && Math.abs(value - x) < distance) {
      distance = Math.abs(value - x);
      best = i;
    }
  });
  return best;
}
