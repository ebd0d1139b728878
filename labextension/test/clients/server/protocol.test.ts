import { describe, expect, it } from 'vitest';
import { type Patch, patched, readAnswer } from '../../../src/clients/server/protocol';
import { snapshot } from '../../snapshot';

const present = snapshot({
  revision: 7,
  curves: {
    train_loss: { steps: [1, 2, 3], values: [2.3, null, 1.9] },
    rate: { steps: [1], values: [0.1] }
  }
});
const patch = (changes: Partial<Patch>): Patch => ({
  kind: 'patch',
  id: 'R1',
  since: 7,
  revision: 8,
  parts: {},
  curves: {},
  ...changes
});

describe('a patch', () => {
  it('replaces parts, goes on with curves, and leaves the rest the same object', () => {
    const best = { metric: 'val_accuracy', mode: 'max', value: 0.99, epoch: 8, step: 1440 } as const;
    const next = patched(
      present,
      patch({ parts: { best }, curves: { train_loss: { from: 2, steps: [4, 5], values: [1.8, null] } } })
    );
    expect(next?.revision).toBe(8);
    expect(next?.best).toEqual(best);
    expect(next?.curves.train_loss).toEqual({ steps: [1, 2, 4, 5], values: [2.3, null, 1.8, null] });
    expect(next?.curves.rate).toBe(present.curves.rate);
    expect(next?.epochs).toBe(present.epochs);
    expect(present.curves.train_loss?.steps).toEqual([1, 2, 3]);
  });

  it('begins a curve', () => {
    const next = patched(present, patch({ curves: { grad: { from: 0, steps: [1], values: [3] } } }));
    expect(next?.curves.grad).toEqual({ steps: [1], values: [3] });
  });

  it('of another revision, or that leaves a hole, is no use', () => {
    expect(patched(present, patch({ since: 6 }))).toBeNull();
    const hole = { train_loss: { from: 5, steps: [6], values: [1] } };
    expect(patched(present, patch({ curves: hole }))).toBeNull();
  });
});

describe('a message', () => {
  it('that isn’t one of ours is none', () => {
    expect(readAnswer('{"kind":"pong"}')).toEqual({ kind: 'pong' });
    expect(readAnswer('[1, 2]')).toBeNull();
    expect(readAnswer('null')).toBeNull();
    expect(readAnswer(new ArrayBuffer(2))).toBeNull();
  });
});
