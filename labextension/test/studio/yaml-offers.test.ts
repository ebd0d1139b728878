import { describe, expect, it } from 'vitest';
import type { FormField, Part } from '../../src/form/contract';
import { offersAt } from '../../src/studio/yaml-offers';

const field = (name: string, more: Partial<FormField>): FormField => ({
  name,
  type: '',
  kind: 'str',
  description: '',
  ...more
});
const part = (name: string, settings: FormField[] = [], more: Partial<Part> = {}): Part => ({
  name,
  description: '',
  frameworks: [],
  settings,
  ...more
});
const metric = field('', { kind: 'part', parts: 'metrics', fields: [field('weight', { kind: 'float' })] });
const SETTINGS = [
  field('framework', { kind: 'select', options: ['pytorch', 'jax'], default: 'pytorch' }),
  field('epochs', { kind: 'int' }),
  field('model', { kind: 'part', parts: 'models' }),
  field('metrics', { kind: 'list', item: metric }),
  field('compile', {
    kind: 'either',
    alternatives: [field('', { kind: 'bool' }), field('', { kind: 'select', options: ['cuda_graphs'] })]
  }),
  field('checkpoint', { kind: 'group', fields: [field('keep', { kind: 'int' }), field('quota', {})] })
];
const PARTS: Record<string, Part[]> = {
  models: [
    part('mlp', [field('hidden', {}), field('kind', { kind: 'select', options: ['a', 'b'] })], {
      presets: { small: {} }
    }),
    part('stack', [field('layers', { kind: 'list', item: field('', { kind: 'group' }) })]),
    part('torchy', [], { frameworks: ['pytorch'] })
  ],
  layers: [
    part('flatten'),
    part('dense', [field('units', {}), field('activation', { kind: 'select', options: ['relu'] })])
  ],
  metrics: [part('f1', [field('average', {})])]
};

async function offered(text: string): Promise<string[] | null> {
  const parts = (kind: string) => Promise.resolve({ parts: PARTS[kind] ?? [], problems: [] });
  const found = await offersAt(text.replace('|', ''), text.indexOf('|'), { settings: SETTINGS, parts });
  return found?.offers.map(({ label, apply }) => apply ?? label) ?? null;
}

describe('what is offered', () => {
  it.each([
    ['epochs: 3\n|', ['framework: ', 'model: ', 'metrics: ', 'compile: ', 'checkpoint: ']],
    ['framework: |', ['pytorch', 'jax']],
    ['compile: |', ['true', 'false', 'cuda_graphs']],
    ['epochs: |', []],
    ['model: |', ['mlp', 'stack', 'torchy']],
    ['framework: jax\nmodel: |', ['mlp', 'stack']],
    ['model: {|', ['type: ', 'layers: ']],
    ['model: {type: mlp, hidden: [1], |', ['preset: ', 'kind: ']],
    ['model: {type: mlp, preset: |', ['small']],
    ['model: {type: mlp, kind: |', ['a', 'b']],
    ['model: {layers: [|', ['flatten', 'dense']],
    ['model:\n  layers:\n    - |', ['flatten', 'dense']],
    ['model:\n  layers:\n    - {type: dense, |', ['units: ', 'activation: ', 'name: ']],
    ['model:\n  layers:\n    - type: dense\n      activation: |', ['relu']],
    ['model:\n  type: stack\n  layers: [{type: |', ['flatten', 'dense']],
    ['metrics: |', ['f1']],
    ['metrics: [|', ['f1']],
    ['metrics: {type: f1, |', ['average: ', 'weight: ']],
    ['checkpoint:\n  keep: 3\n  |', ['quota: ']],
    ['checkpoint: {|', ['keep: ', 'quota: ']]
  ])('at %s', async (text, wanted) => expect(await offered(text)).toEqual(wanted));

  it('is nothing where nothing is known', async () => {
    expect(await offered('unheard: {of: |')).toBeNull();
    expect(await offered('epochs: {of: |')).toBeNull();
    expect(await offered('model: {type: unheard, |')).toEqual([]);
  });
});
