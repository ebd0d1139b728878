import { describe, expect, it } from 'vitest';
import { share } from '../../src/model/share';
import { snapshot } from '../snapshot';

describe('share', () => {
  it('gives back the previous object if nothing changed', () => {
    const before = snapshot();
    expect(share(before, structuredClone(before))).toBe(before);
  });

  it('keeps the parts that stayed and takes those that changed', () => {
    const before = snapshot();
    const next = structuredClone(before);
    next.progress.step += 1;
    next.curves.train_loss?.steps.push(4);
    const shared = share(before, next);
    expect(shared).toEqual(next);
    expect(shared.progress).not.toBe(before.progress);
    expect(shared.curves.train_loss?.values).toBe(before.curves.train_loss?.values);
    expect(shared.epochs).toBe(before.epochs);
    expect(shared.checkpoints).toBe(before.checkpoints);
  });

  it.each([
    [
      [1, 2, 3],
      [1, 2]
    ],
    [{ a: 1, b: 2 }, { a: 1 }],
    [{ a: undefined }, {}],
    [{ a: 1 }, { b: 1 }],
    [null, { a: 1 }],
    [{ a: 1 }, null],
    [[1], { 0: 1 }],
    [{ a: null }, { a: 0 }]
  ])('takes %j → %j as a change', (before, next) => expect(share(before, next)).toEqual(next));

  it('takes NaN for equal to NaN', () => {
    const before = [Number.NaN];
    expect(share(before, [Number.NaN])).toBe(before);
  });
});
