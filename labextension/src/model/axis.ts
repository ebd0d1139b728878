/** Where axes begin and end, and what lies between steps and epochs. */

export type Range = [low: number, high: number];

const NICE = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/**
 * The next roomy number at or above a value, so that a growing curve moves through a resting axis and the
 * axis moves seldom.
 *
 * @param limit where the run ends, if that is known: the axis never goes beyond
 */
export function roomFor(value: number, limit: number | null): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  const nice = NICE.find(factor => factor * power >= value) ?? 10;
  const room = Math.max(10, nice * power);
  return limit !== null && limit >= value ? Math.min(room, limit) : room;
}

/** The smallest and largest finite value at positions within a window; `null` if there is none. */
export function extent(
  x: readonly number[],
  y: readonly (number | null)[],
  window: Range,
  positiveOnly: boolean
): Range | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < x.length; i += 1) {
    const value = y[i];
    const position = x[i] ?? 0;
    if (value == null || position < window[0] || position > window[1] || (positiveOnly && value <= 0)) {
      continue;
    }
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : null;
}

/** The smallest range that holds all of the given ones. */
export function union(ranges: (Range | null)[]): Range | null {
  const known = ranges.filter(range => range !== null);
  return known.length === 0
    ? null
    : [Math.min(...known.map(range => range[0])), Math.max(...known.map(range => range[1]))];
}

/**
 * The range of a value axis: the data with some air. It stays as it is while the data lie within it and
 * fill most of it, so that it doesn't breathe with every point.
 */
export function settle(current: Range | null, data: Range | null, log: boolean): Range {
  if (data === null) {
    return current ?? (log ? [0.1, 1] : [0, 1]);
  }
  const to = log ? Math.log10 : (value: number) => value;
  const from = log ? (value: number) => 10 ** value : (value: number) => value;
  const [low, high] = [to(data[0]), to(data[1])];
  if (current !== null && (!log || current[0] > 0)) {
    const [bottom, top] = [to(current[0]), to(current[1])];
    if (bottom <= low && high <= top && high - low >= 0.7 * (top - bottom)) {
      return current;
    }
  }
  const span = high - low || (log ? 1 : Math.abs(high) || 1);
  const air = 0.07 * span;
  const bottom = low - air;
  const touchesZero = !log && low >= 0 && bottom < 0.1 * span;
  return [from(touchesZero ? 0 : bottom), from(high + air)];
}

/** Where a logarithmic axis has its lines: at 1 to 9 times powers of ten, or closer where that would be none or one. */
export function logTicks([low, high]: Range): number[] {
  const ticks: number[] = [];
  // Within what numbers can say: an axis from zero has no first power.
  const last = Math.min(Math.log10(high), 308);
  for (let power = Math.max(Math.floor(Math.log10(low)), -308); power <= last; power += 1) {
    for (let digit = 1; digit < 10; digit += 1) {
      ticks.push(Number(`${digit}e${power}`));
    }
  }
  const within = ticks.filter(tick => low <= tick && tick <= high);
  return within.length > 1 ? within : evenTicks(low, high);
}

/** About four round numbers. */
function evenTicks(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (rough < 2 * power ? 2 : rough < 5 * power ? 5 : 10);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return count > 0
    ? Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)))
    : [];
}

/**
 * Translates steps into epochs and back: by the recorded ends of epochs, in proportion between them, and
 * beyond the last by the steps an epoch takes. An epoch that ended early keeps its true length.
 */
export class EpochScale {
  readonly #steps: number[] = [0];
  readonly #epochs: number[] = [0];
  readonly #perEpoch: number;

  /**
   * @param steps, epochs the rows recorded: the step at which each epoch ended
   * @param stepsPerEpoch the length of an epoch, if it is known before one has ended
   */
  constructor(
    steps: readonly (number | null)[],
    epochs: readonly (number | null)[],
    stepsPerEpoch: number | null
  ) {
    steps.forEach((step, i) => {
      const epoch = epochs[i] ?? null;
      if (step !== null && epoch !== null && step > (this.#steps.at(-1) ?? 0)) {
        this.#steps.push(step);
        this.#epochs.push(epoch);
      }
    });
    const mean = (this.#steps.at(-1) ?? 0) / Math.max(1, this.#epochs.at(-1) ?? 0);
    this.#perEpoch = stepsPerEpoch ?? mean;
  }

  /** Whether anything is known about epochs yet. */
  get known(): boolean {
    return this.#perEpoch > 0;
  }

  toEpoch(step: number): number {
    return along(step, this.#steps, this.#epochs, 1 / this.#perEpoch);
  }

  toStep(epoch: number): number {
    return along(epoch, this.#epochs, this.#steps, this.#perEpoch);
  }
}

/** The value belonging to a position on a broken line, which goes on straight with a slope beyond its end. */
function along(position: number, from: readonly number[], to: readonly number[], slope: number): number {
  const next = from.findIndex(knot => knot > position);
  const at = (next < 0 ? from.length : Math.max(1, next)) - 1;
  const [x0 = 0, y0 = 0, x1, y1] = [from[at], to[at], from[at + 1], to[at + 1]];
  const rise = x1 === undefined || y1 === undefined ? slope : (y1 - y0) / (x1 - x0);
  return y0 + (position - x0) * rise;
}

/**
 * Moves marks on a line apart until neighbours keep a distance, as little as possible.
 *
 * @param positions ascending
 */
export function spread(positions: readonly number[], gap: number, end: number): number[] {
  const placed = [...positions];
  for (let i = 1; i < placed.length; i += 1) {
    placed[i] = Math.max(placed[i] ?? 0, (placed[i - 1] ?? 0) + gap);
  }
  let limit = end;
  for (let i = placed.length - 1; i >= 0; i -= 1) {
    placed[i] = Math.max(0, Math.min(placed[i] ?? 0, limit));
    limit = (placed[i] ?? 0) - gap;
  }
  return placed;
}
