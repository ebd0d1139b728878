/**
 * Exponential moving average over unevenly spaced points, with bias correction.
 *
 * A point's weight falls off as `exp(-distance / width)`. Dividing by the sum of the weights corrects the
 * start, as in Adam (Kingma and Ba, 2015), so the first smoothed value is the first value. On evenly spaced
 * points it equals the usual average with factor `exp(-spacing / width)`. Measuring by distance rather than
 * by point keeps the picture the same when decimation changes how many points there are.
 *
 * @param x positions, ascending
 * @param y values; `null` (not finite) stays `null` and weighs nothing
 * @param width distance over which a weight falls to 1/e, in units of `x`; 0 leaves the values as they are
 */
export function smooth(
  x: readonly number[],
  y: readonly (number | null)[],
  width: number
): (number | null)[] {
  if (width <= 0) {
    return [...y];
  }
  let sum = 0;
  let weight = 0;
  let previous = x[0] ?? 0;
  return y.map((value, i) => {
    if (value === null) {
      return null;
    }
    const position = x[i] ?? previous;
    const fade = Math.exp(-(position - previous) / width);
    previous = position;
    sum = sum * fade + value;
    weight = weight * fade + 1;
    return sum / weight;
  });
}
