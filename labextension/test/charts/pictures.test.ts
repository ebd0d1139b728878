import { describe, expect, it } from 'vitest';
import { runColour } from '../../src/charts/colours';
import { horizontalAxis, pictureOf, rateChanges } from '../../src/charts/pictures';
import { EpochScale } from '../../src/model/axis';
import { families } from '../../src/model/families';
import { control, snapshot } from '../snapshot';

const { curves, epochs, best } = snapshot();
const [loss] = families(curves, epochs, null);
const scale = new EpochScale([180, 360], [1, 2], 180);
const settings = { horizontal: horizontalAxis('step', scale), from: 0, to: 400, log: false, smoothing: 5 };

describe('pictureOf', () => {
  it('draws a family in steps, with what was not finite marked', () => {
    if (loss === undefined) {
      throw new Error('Expected a family of the loss.');
    }
    const picture = pictureOf(loss, settings, best, []);
    expect(picture.lines.map(({ role, dense }) => [role, dense])).toEqual([
      ['train', true],
      ['validation', false]
    ]);
    expect(picture.x).toEqual([0, 400]);
    expect(picture.smoothing).toBe(0.05);
    expect(picture.marks).toEqual({ best: [], changes: [], broken: [2] });
  });

  it('draws in epochs, and marks the best where its metric is', () => {
    const family = {
      name: 'accuracy',
      series: [
        { name: 'val_accuracy', role: 'validation' as const, steps: [180], values: [0.9], perStep: false }
      ]
    };
    const epochwise = { ...settings, horizontal: horizontalAxis('epoch', scale) };
    const picture = pictureOf(family, epochwise, best, [{ step: 90, rate: 1e-4, by: 'panel' }]);
    expect(picture.lines[0]?.x).toEqual([1]);
    expect(picture.x).toEqual([0, 400 / 180]);
    expect(picture.marks).toMatchObject({ best: [{ x: 6, y: 0.9842 }], changes: [0.5] });
  });

  it('never smooths a learning rate', () => {
    expect(pictureOf({ name: 'learning_rate', series: [] }, settings, null, []).smoothing).toBe(0);
  });
});

describe('rateChanges', () => {
  it('are the ones that were carried out, oldest first', () => {
    const set = (id: number, step: number | null, status: 'done' | 'requested', rate: unknown = 1e-4) => ({
      ...control(id, 'set', status),
      step,
      arguments: { learning_rate: rate }
    });
    const controls = [
      set(5, 90, 'done'),
      set(4, 30, 'done', 1e-3),
      set(3, null, 'requested'),
      set(2, 20, 'done', 'x'),
      control(1, 'pause', 'done')
    ];
    expect(rateChanges(controls)).toEqual([
      { step: 30, rate: 1e-3, by: 'panel' },
      { step: 90, rate: 1e-4, by: 'panel' }
    ]);
  });
});

describe('runColour', () => {
  it('is always the same for a run, and not the same for all', () => {
    expect(runColour('R1')).toBe(runColour('R1'));
    const colours = new Set(Array.from({ length: 50 }, (_, i) => runColour(`run ${i}`)));
    expect(colours.size).toBe(6);
  });
});
