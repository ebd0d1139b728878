import { describe, expect, it } from 'vitest';
import { smooth } from '../../src/model/smoothing';

describe('smooth', () => {
  const x = [0, 1, 2, 3, 4, 5];
  const y = [5, 1, 4, 2, 8, 0];

  it('equals the bias-corrected average of Adam on evenly spaced points', () => {
    const factor = Math.exp(-1 / 3);
    let average = 0;
    const expected = y.map((value, i) => {
      average = factor * average + (1 - factor) * value;
      return average / (1 - factor ** (i + 1));
    });
    const smoothed = smooth(x, y, 3);
    for (const [i, value] of expected.entries()) {
      expect(smoothed[i]).toBeCloseTo(value, 12);
    }
  });

  it('begins at the first value and keeps a constant', () => {
    expect(smooth(x, y, 100)[0]).toBe(5);
    for (const value of smooth(x, [3, 3, 3, 3, 3, 3], 2)) {
      expect(value).toBeCloseTo(3, 12);
    }
  });

  it('leaves gaps where values are missing and goes on behind them', () => {
    const [first, gap, last] = smooth([0, 1, 2], [1, null, 1], 2);
    expect([first, gap]).toEqual([1, null]);
    expect(last).toBeCloseTo(1, 12);
  });

  it('weighs by distance: after a long way only the new value counts', () => {
    expect(smooth([0, 1000], [100, 1], 2)[1]).toBeCloseTo(1, 9);
  });

  it('changes nothing with no width', () => {
    expect(smooth(x, y, 0)).toEqual(y);
  });
});
