import { describe, expect, it } from 'vitest';
import { hits, mostConfused, rowTotals, strength } from '../../src/model/matrix';

const confusion = {
  epoch: 3,
  labels: ['a', 'b', 'c'],
  matrix: [
    [8, 2, 0],
    [1, 5, 4],
    [0, 0, 0]
  ]
};

describe('confusion matrix', () => {
  it('counts rows and hits', () => {
    expect(rowTotals(confusion)).toEqual([10, 10, 0]);
    expect(hits(confusion)).toEqual({ right: 13, all: 20 });
  });

  it('lists the pairs most often confused', () => {
    expect(mostConfused(confusion, 2)).toEqual([
      { truth: 1, predicted: 2, count: 4, share: 0.4 },
      { truth: 0, predicted: 1, count: 2, share: 0.2 }
    ]);
    expect(mostConfused({ ...confusion, matrix: [[1]], labels: ['a'] }, 5)).toEqual([]);
  });

  it('lifts rare mistakes and knows an empty class', () => {
    expect(strength(1, 100, false)).toBeCloseTo(0.1);
    expect(strength(1, 100, true)).toBeCloseTo(0.01);
    expect(strength(0, 0, true)).toBe(0);
  });
});
