import { describe, expect, it } from 'vitest';
import { EpochScale, extent, logTicks, roomFor, settle, spread, union } from '../../src/model/axis';

describe('roomFor', () => {
  it('is at or above the value, never beyond the end of the run, and moves seldom', () => {
    expect(roomFor(0, null)).toBe(10);
    expect(roomFor(1140, 1800)).toBe(1250);
    expect(roomFor(1700, 1800)).toBe(1800);
    expect(roomFor(37, null)).toBe(40);
    const ends = new Set(Array.from({ length: 9000 }, (_, i) => roomFor(1000 + i, null)));
    expect(ends.size).toBeLessThanOrEqual(11);
    for (let value = 1; value < 3000; value += 7) {
      expect(roomFor(value, null)).toBeGreaterThanOrEqual(value);
    }
  });

  it('does not believe an end that was passed', () => {
    expect(roomFor(1900, 1800)).toBe(2000);
  });
});

describe('logTicks', () => {
  it('are at 1 to 9 times powers of ten', () => {
    expect(logTicks([0.0999, 0.45])).toEqual([0.1, 0.2, 0.3, 0.4]);
    expect(logTicks([0.7, 30])).toEqual([0.7, 0.8, 0.9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30]);
    expect(logTicks([0.8, 1.5])).toEqual([0.8, 0.9, 1]);
  });

  it('are closer where that would be none or one', () => {
    expect(logTicks([0.9153, 0.9742])).toEqual([0.92, 0.94, 0.96]);
    expect(logTicks([1.9989, 2.0011])).toEqual([1.999, 2, 2.001]);
    expect(logTicks([1.5e-7, 1.9e-7])).toEqual([1.6e-7, 1.8e-7]);
  });

  it('are few, and all on the axis, wherever it begins', () => {
    for (let low = 1e-9; low < 1e6; low *= 1.017) {
      for (const ratio of [1.001, 1.3, 4, 1000]) {
        const ticks = logTicks([low, low * ratio]);
        expect(ticks.length).toBeGreaterThan(0);
        expect(ticks.length).toBeLessThan(40);
        expect(ticks.every(tick => tick >= low && tick <= low * ratio * (1 + 1e-9))).toBe(true);
      }
    }
  });

  it('end even on an axis that can’t be drawn', () => {
    expect(logTicks([0, 1]).length).toBeLessThan(3000);
    expect(logTicks([1, Number.POSITIVE_INFINITY]).length).toBeLessThan(3000);
    expect(logTicks([Number.NaN, Number.NaN])).toEqual([]);
    expect(logTicks([2.5, 2.5])).toEqual([]);
  });
});

describe('extent and union', () => {
  it('look at finite values within the window only', () => {
    const [x, y] = [
      [0, 1, 2, 3],
      [9, 1, null, 5]
    ];
    expect(extent(x ?? [], y ?? [], [1, 3], false)).toEqual([1, 5]);
    expect(extent([0, 1], [-1, 4], [0, 1], true)).toEqual([4, 4]);
    expect(extent([0], [null], [0, 1], false)).toBeNull();
    expect(union([[1, 2], null, [0, 1.5]])).toEqual([0, 2]);
    expect(union([null])).toBeNull();
  });
});

describe('settle', () => {
  it('gives the data air, and stands on zero if they come near it', () => {
    const [low, high] = settle(null, [10, 20], false);
    expect(low).toBeCloseTo(9.3);
    expect(high).toBeCloseTo(20.7);
    expect(settle(null, [0.01, 2], false)[0]).toBe(0);
  });

  it('stays while the data lie within it and fill most of it', () => {
    const resting = settle(null, [10, 20], false);
    expect(settle(resting, [10.5, 20.2], false)).toBe(resting);
    expect(settle(resting, [10, 25], false)).not.toBe(resting);
    expect(settle(resting, [12, 13], false)).not.toBe(resting);
  });

  it('keeps a logarithmic axis above zero', () => {
    const [low, high] = settle(null, [1e-3, 1], true);
    expect(low).toBeGreaterThan(0);
    expect(low).toBeLessThan(1e-3);
    expect(high).toBeGreaterThan(1);
    expect(settle([0, 1], [0.5, 0.9], true)[0]).toBeGreaterThan(0);
  });

  it('has room around a constant, and rests without data', () => {
    const [low, high] = settle(null, [3, 3], false);
    expect(high).toBeGreaterThan(3);
    expect(low).toBeLessThan(3);
    expect(settle(null, null, false)).toEqual([0, 1]);
  });
});

describe('EpochScale', () => {
  it('goes through the recorded ends of epochs, there and back', () => {
    const scale = new EpochScale([100, 150, 250], [1, 2, 3], 100);
    expect([0, 50, 100, 125, 250, 300].map(step => scale.toEpoch(step))).toEqual([0, 0.5, 1, 1.5, 3, 3.5]);
    for (const step of [0, 17, 100, 149, 151, 999]) {
      expect(scale.toStep(scale.toEpoch(step))).toBeCloseTo(step, 9);
    }
  });

  it('knows the first epoch before it has ended, if its length is known', () => {
    expect(new EpochScale([], [], 90).toEpoch(45)).toBe(0.5);
    expect(new EpochScale([], [], null).known).toBe(false);
  });

  it('reads rows that leave epochs out', () => {
    const scale = new EpochScale([20, null, 100], [2, 3, 10], null);
    expect(scale.toEpoch(60)).toBe(6);
    expect(scale.toEpoch(110)).toBe(11);
  });
});

describe('spread', () => {
  it('keeps what is far apart and moves what is near', () => {
    expect(spread([0, 50, 100], 20, 100)).toEqual([0, 50, 100]);
    expect(spread([0, 5, 90], 20, 100)).toEqual([0, 20, 90]);
    expect(spread([95, 97, 100], 20, 100)).toEqual([60, 80, 100]);
  });

  it('stays within the line', () => {
    for (const place of spread([1, 2, 3, 4], 40, 100)) {
      expect(place).toBeGreaterThanOrEqual(0);
      expect(place).toBeLessThanOrEqual(100);
    }
  });
});
