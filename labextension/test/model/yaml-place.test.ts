import { describe, expect, it } from 'vitest';
import { lineAt, readYaml } from '../../src/model/yaml-document';
import { placeAt } from '../../src/model/yaml-place';

/** What leads to the bar, with what is typed there: `model.layers.0.= de`, a key as `model.? hid`. */
function at(text: string): string | null {
  const cursor = text.indexOf('|');
  const place = placeAt(text.replace('|', ''), cursor);
  return place === null ? null : `${place.steps.map(({ key }) => key ?? '?').join('.')} ${place.typed}`;
}
const last = (text: string) => placeAt(text.replace('|', ''), text.indexOf('|'))?.steps.at(-1);

describe('where a cursor is', () => {
  it.each([
    ['mod|', '? mod'],
    ['epochs: 3\n|', '? '],
    ['model: c|', 'model c'],
    ['model: |', 'model '],
    ['model: {ty|', 'model.? ty'],
    ['model: {type: res|', 'model.type res'],
    ['model: {type: cnn, dropout: 0.1, hid|', 'model.? hid'],
    ['metrics: [accuracy, f|]', 'metrics.1 f'],
    ['augmentation: [{type: rotation, degrees: 10}, {type: cr|', 'augmentation.1.type cr'],
    ['loss:\n  - mse\n  - dic|', 'loss.1 dic'],
    ['loss:\n- mse\n- {type: fo|', 'loss.1.type fo'],
    ['loss:\n- type: mse\n  wei|\ndata: x', 'loss.0.? wei'],
    ['model:\n  layers:\n    - conv\n    - type: dense\n      un|', 'model.layers.1.? un'],
    ['model:\n  layers:\n    - {type: conv,\n       fea|}\ndata: x', 'model.layers.0.? fea'],
    ['model:\n  layers: [flatten, {type: dense, activation: re|}]', 'model.layers.1.activation re'],
    ['checkpoint:\n  every_epochs: 1\n  ke|', 'checkpoint.? ke'],
    ['checkpoint:\n  keep: 1\nse|', '? se'],
    ['model: {type: cnn,\ndata: di|', 'data di'],
    ['a:\n  b:\n    c: 1\n  d|', 'a.? d']
  ])('is found in %s', (text, place) => expect(at(text)).toBe(place));

  it.each([
    '# model: c|',
    'model: cnn  # or m|',
    'name: "a|',
    'model: {type: cnn} |',
    'model:|',
    'name: a b|',
    'model: {type: cnn}|',
    'x: [a, # b|'
  ])('is nowhere in %s', text => expect(at(text)).toBeNull());

  it('knows what stands beside it, behind it as well', () => {
    expect(last('model: {dropout: 0.1, |, type: cnn}')).toMatchObject({
      keys: ['dropout', 'type'],
      type: 'cnn'
    });
    expect(last('epochs: 1\n|\nmodel: mlp')?.keys).toEqual(['epochs', 'model']);
    expect(last('model:\n  |\n  type: cnn # good\n')?.type).toBe('cnn');
  });
});

it('knows the line of what a path leads to', () => {
  const read = readYaml('model:\n  layers:\n    - conv\n    - {type: dense}\n');
  expect(read && [['model', 'layers', '1'], ['model'], ['data']].map(path => lineAt(read, path))).toEqual([
    4,
    2,
    null
  ]);
});
