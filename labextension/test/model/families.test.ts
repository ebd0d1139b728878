import { describe, expect, it } from 'vitest';
import { families, latest, nearest, perStepNames, refine, split, title } from '../../src/model/families';

describe('split', () => {
  it.each([
    ['train_loss', 'loss', 'train'],
    ['val_accuracy', 'accuracy', 'validation'],
    ['perplexity', 'perplexity', 'other'],
    ['val_', 'val_', 'other']
  ])('takes %s apart', (name, family, role) => expect(split(name)).toEqual({ family, role }));
});

describe('title', () => {
  it.each([
    ['val_top_5', 'val top 5'],
    ['system/cpu_percent', 'CPU (%)'],
    ['system/memory_gb', 'memory (GB)'],
    ['system/gpu0_percent', 'GPU0 (%)'],
    ['system/gpu1_memory_gb', 'GPU1 memory (GB)']
  ])('calls %s %s', (name, called) => expect(title(name)).toBe(called));
});

describe('families', () => {
  const epochs = {
    epoch: [1, 2],
    step: [10, 20],
    learning_rate: [0.1, 0.1],
    train_f1: [0.1, 0.2],
    val_f1: [0.1, 0.3],
    val_accuracy: [0.4, 0.5],
    train_loss: [2, 1],
    val_loss: [2, 1.5],
    val_empty: [null, null]
  };
  const curves = { train_loss: { steps: [1, 2], values: [3, 2] } };

  it('puts the loss first, then the monitored metric, and training before validation', () => {
    const found = families(curves, epochs, 'val_accuracy');
    expect(found.map(family => family.name)).toEqual(['loss', 'accuracy', 'f1']);
    expect(found[0]?.series.map(series => series.name)).toEqual(['train_loss', 'val_loss']);
  });

  it('prefers the series with a value a step', () => {
    const [loss] = families(curves, epochs, null);
    expect(loss?.series[0]).toMatchObject({ perStep: true, steps: [1, 2], values: [3, 2] });
    expect(loss?.series[1]).toMatchObject({ perStep: false, steps: [10, 20] });
    expect(perStepNames(families(curves, epochs, null))).toEqual(['train_loss']);
  });

  it('shows the learning rate, last and in steps, only if it changed', () => {
    const rate = families(curves, { ...epochs, learning_rate: [0.1, 0.01] }, null).at(-1);
    expect(rate?.name).toBe('learning_rate');
    expect(rate?.series[0]).toMatchObject({ steps: [1, 10, 11, 20], values: [0.1, 0.1, 0.01, 0.01] });
  });

  it('shows how busy the machine was behind everything else', () => {
    const busy = { 'system/cpu_percent': { steps: [2], values: [50] }, ...curves };
    const found = families(busy, { ...epochs, learning_rate: [0.1, 0.01] }, null);
    expect(found.map(family => family.name).slice(-2)).toEqual(['learning_rate', 'system/cpu_percent']);
  });

  it('is empty before anything is measured', () => {
    expect(families({}, {}, null)).toEqual([]);
  });
});

describe('nearest', () => {
  it('finds the point next to a step', () => {
    const steps = [0, 10, 20, 40];
    expect([-5, 4, 6, 29, 31, 99].map(step => nearest(steps, step))).toEqual([0, 0, 1, 2, 3, 3]);
    expect(nearest([], 3)).toBe(-1);
    expect(nearest([7], 3)).toBe(0);
  });
});

describe('latest', () => {
  it('skips what was not finite', () => {
    const series = { name: 'x', role: 'other' as const, perStep: true, steps: [1, 2, 3] };
    expect(latest({ ...series, values: [1, 2, null] })).toBe(2);
    expect(latest({ ...series, values: [null, null, null] })).toBeNull();
  });
});

describe('refine', () => {
  it('shows the fine window, then what has come since it was read', () => {
    const coarse = { loss: { steps: [0, 10, 20, 30], values: [4, 3, 2, 1] } };
    const fine = { loss: { steps: [10, 11, 12], values: [3, 2.9, 2.8] } };
    expect(refine(coarse, fine).loss).toEqual({ steps: [10, 11, 12, 20, 30], values: [3, 2.9, 2.8, 2, 1] });
    expect(refine(coarse, { loss: { steps: [], values: [] } })).toEqual(coarse);
    expect(refine(coarse, null)).toBe(coarse);
  });
});
