import { describe, expect, it } from 'vitest';
import { at, heat, median } from '../../src/model/distributions';

describe('histograms over epochs', () => {
  const found = heat(
    {
      epochs: [1, 2],
      edges: [
        [-1, 0, 1],
        [-2, 0, 2]
      ],
      counts: [
        [1, 3],
        [2, 2]
      ]
    },
    4
  );

  it('stand on common rows, each epoch whole', () => {
    expect(found?.range).toEqual([-2, 2]);
    expect(found?.columns).toEqual([
      [0, 0.25, 0.75, 0],
      [0.25, 0.25, 0.25, 0.25]
    ]);
    expect(found?.peak).toBe(0.75);
  });

  it('tell what is under the pointer, and where their middle is', () => {
    expect(found && at(found, 0.1, 0.4)).toEqual({ epoch: 1, value: 0.5, share: 0.75 });
    expect(found && at(found, 1, 1)).toEqual({ epoch: 2, value: -1.5, share: 0.25 });
    expect(found && median(found, 0)).toBe(0.5);
  });

  it('leave out empty ends, and keep values that are all alike', () => {
    const narrow = heat({ epochs: [1], edges: [[-9, 0, 1, 9]], counts: [[0, 4, 0]] }, 2);
    expect(narrow?.range).toEqual([0, 1]);
    const alike = heat({ epochs: [1], edges: [[3, 3]], counts: [[7]] }, 4);
    expect(alike?.columns[0]?.reduce((sum, share) => sum + share, 0)).toBe(1);
    expect(alike?.range).toEqual([1.5, 4.5]);
  });

  it('are none without a value', () => {
    expect(heat({ epochs: [1], edges: [[0, 1]], counts: [[0]] })).toBeNull();
    expect(heat({ epochs: [1], edges: [[null, null]], counts: [[2]] })).toBeNull();
    expect(heat({ epochs: [], edges: [], counts: [] })).toBeNull();
  });
});
