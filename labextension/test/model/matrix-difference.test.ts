import { describe, expect, it } from 'vitest';
import { difference, matrixDifference, mostChanged, sideOf, signed } from '../../src/model/matrix-difference';

const before = {
  epoch: 1,
  labels: ['a', 'b'],
  matrix: [
    [8, 2],
    [5, 5]
  ]
};
const after = {
  epoch: 2,
  labels: ['a', 'b'],
  matrix: [
    [9, 1],
    [6, 4]
  ]
};

describe('the difference of two matrices', () => {
  it('is what the later one has more, in counts or percent of the true class', () => {
    expect(matrixDifference(before, after, 'counts')?.cells).toEqual([
      [1, -1],
      [1, -1]
    ]);
    expect(matrixDifference(before, after, 'shares')).toMatchObject({
      cells: [
        [10, -10],
        [10, -10]
      ],
      most: 10
    });
  });

  it('is none between other classes', () => {
    expect(matrixDifference(before, { ...after, labels: ['a', 'c'] }, 'counts')).toBeNull();
    expect(matrixDifference(before, { ...after, labels: ['a'], matrix: [[1]] }, 'counts')).toBeNull();
  });

  it('is better where more is right or less is wrong', () => {
    expect([sideOf(1, true), sideOf(-1, true), sideOf(1, false), sideOf(-1, false), sideOf(0, true)]).toEqual(
      ['better', 'worse', 'worse', 'better', 'same']
    );
    const found = matrixDifference(before, after, 'counts');
    expect(found && mostChanged(found, 3).map(({ side }) => side)).toEqual(['better', 'better', 'worse']);
  });

  it('is coloured more the larger it is, and not where there is none', () => {
    expect(difference(0, 5)).toEqual({ depth: 0, tone: 'light' });
    expect(difference(0, 0).depth).toBe(0);
    expect(difference(-5, 5)).toEqual({ depth: 1, tone: 'deep' });
    expect(difference(1, 5).depth).toBeLessThan(difference(4, 5).depth);
  });

  it('is written with its sign', () => {
    expect([3, -2, 0].map(value => signed(value))).toEqual(['+3', '−2', '']);
    expect([1.44, -0.04].map(value => signed(value, 1))).toEqual(['+1.4', '']);
  });
});
