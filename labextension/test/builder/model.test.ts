import { describe, expect, it } from 'vitest';
import * as model from '../../src/builder/model';
import { countText, memoryText, readShape, shapeText, withoutKey } from '../../src/builder/numbers';
import { misfitOf } from '../../src/builder/rows';
import type { Followed, LayerLine } from '../../src/builder/contract';
import type { FormField, Part } from '../../src/form/contract';

const conv = { type: 'conv', features: 8 };
const named = { type: 'dense', name: 'code', units: 4 };
const LAYERS = [conv, 'pool', 'flatten', named];

describe('edits', () => {
  it('leave what they are given as it is', () => {
    const before = structuredClone(LAYERS);
    expect(model.inserted(LAYERS, 1, 'norm')).toEqual([conv, 'norm', 'pool', 'flatten', named]);
    expect(model.removed(LAYERS, 0)).toEqual(['pool', 'flatten', named]);
    expect(model.duplicated(LAYERS, 0)).toEqual([conv, conv, 'pool', 'flatten', named]);
    expect(LAYERS).toEqual(before);
  });

  it('move up and down to the place that is said', () => {
    expect(model.moved(LAYERS, 0, 2)).toEqual(['pool', 'flatten', conv, named]);
    expect(model.moved(LAYERS, 3, 0)).toEqual([named, conv, 'pool', 'flatten']);
    expect(model.moved(LAYERS, 9, 0)).toEqual(LAYERS);
  });

  it('write layers as briefly as can be', () => {
    expect(model.configured([conv], 0, {})).toEqual(['conv']);
    expect(model.renamed([conv, 'pool'], 1, 'half')).toEqual([conv, { type: 'pool', name: 'half' }]);
    expect(model.renamed([named], 0, null)).toEqual([{ type: 'dense', units: 4 }]);
    expect(model.configured([named], 0, { units: 2 })).toEqual([{ type: 'dense', name: 'code', units: 2 }]);
  });

  it('copy everything but a name', () => {
    expect(model.duplicated([named], 0)).toEqual([named, { type: 'dense', units: 4 }]);
  });

  it('keep what can’t be read', () => {
    expect(model.moved([5, null, 'pool'], 2, 0)).toEqual(['pool', 5, null]);
    expect(model.namesOf([5, { typ: 'dense' }])).toEqual(['?1', '?2']);
  });
});

describe('a new layer', () => {
  const field = (more: Partial<FormField>): FormField => ({
    name: 'shape',
    type: '',
    kind: 'int',
    description: '',
    required: true,
    ...more
  });
  const part = (...settings: FormField[]): Part => ({
    name: 'reshape',
    description: '',
    frameworks: [],
    settings
  });

  it('has what it can’t do without, and nothing else', () => {
    expect(model.freshLayer(part(field({ required: false, default: 3 })))).toBe('reshape');
    const list = field({ kind: 'list', shortest: 1, item: field({ minimum: 1 }) });
    expect(model.freshLayer(part(list))).toEqual({ type: 'reshape', shape: [1] });
    expect(model.freshLayer(part(field({ options: ['a', 'b'] })))).toEqual({ type: 'reshape', shape: 'a' });
  });
});

describe('names', () => {
  it('are numbered where there are several of a type, counting those that have a name', () => {
    expect(model.namesOf(['conv', 'flatten', { type: 'conv', name: 'last' }])).toEqual([
      'conv',
      'flatten',
      'last'
    ]);
    expect(model.namesOf(['conv', { type: 'conv', name: 'middle' }, 'conv'])).toEqual([
      'conv1',
      'middle',
      'conv3'
    ]);
    expect(model.namesOf(['my.layer-a'])).toEqual(['my_layer_a']);
  });
});

describe('which layer was which', () => {
  it('is known when one is inserted, taken out, moved or edited', () => {
    expect(model.aligned(LAYERS, model.inserted(LAYERS, 1, 'norm'))).toEqual([0, null, 1, 2, 3]);
    expect(model.aligned(LAYERS, model.removed(LAYERS, 1))).toEqual([0, 2, 3]);
    expect(model.aligned(LAYERS, model.moved(LAYERS, 0, 2))).toEqual([1, 2, 0, 3]);
    expect(model.aligned(LAYERS, model.configured(LAYERS, 0, { features: 16 }))).toEqual([0, 1, 2, 3]);
    expect(model.aligned([], ['pool'])).toEqual([null]);
  });
});

describe('numbers', () => {
  it('are written as people read them', () => {
    expect(shapeText([32, 8, 8])).toBe('32 × 8 × 8');
    expect([864, 999, 1000, 4640, 57_728, 999_999, 1_234_567].map(countText)).toEqual([
      '864',
      '999',
      '1.0 k',
      '4.6 k',
      '57.7 k',
      '1.0 M',
      '1.2 M'
    ]);
    expect([650, 58_730, 25_000_000].map(memoryText)).toEqual(['0.0026 MB', '0.23 MB', '100 MB']);
    expect(withoutKey(['units'], 'units: expected 1, got 0.')).toBe('Expected 1, got 0.');
  });

  it('are read as people write them', () => {
    expect(['3 × 32 × 32', '3x32x32', '(3, 32, 32)'].map(readShape)).toEqual([
      [3, 32, 32],
      [3, 32, 32],
      [3, 32, 32]
    ]);
    expect(['', '0', '1.5', '1 2 3 4', 'many'].map(readShape)).toEqual([null, null, null, null, null]);
  });
});

describe('a misfit', () => {
  const line = (name: string, ...problems: { path: string[]; message: string }[]): LayerLine => ({
    name,
    type: name,
    takes: null,
    gives: null,
    parameters: 0,
    problems,
    added: false
  });
  const outline = (...lines: LayerLine[]): Followed => ({
    layers: [],
    answer: {
      lines,
      parameters: 0,
      task: null,
      input_shape: null,
      form: null,
      tokens: 0,
      outputs: null,
      why: null
    }
  });

  it('is the first layer that doesn’t fit, whatever its settings', () => {
    const setting = { path: ['rate'], message: 'rate: expected less than 1.' };
    expect(misfitOf(null)).toBeNull();
    expect(misfitOf(outline(line('dropout', setting)))).toBeNull();
    const why = { path: [], message: 'dense takes values.' };
    expect(misfitOf(outline(line('dropout', setting), line('dense2', setting, why)))).toEqual({
      at: 1,
      message: 'dense2: dense takes values.',
      reason: 'dense takes values.'
    });
    expect(misfitOf(outline(line('dense', why)))?.message).toBe('dense takes values.');
  });
});
