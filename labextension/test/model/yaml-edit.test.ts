import { describe, expect, it } from 'vitest';
import { TEMPLATE } from '../../src/model/template';
import { type Path, readYaml } from '../../src/model/yaml-document';
import { applied, changed, edited } from '../../src/model/yaml-edit';

const ORDER = ['name', 'framework', 'model', 'data', 'epochs', 'optimizer', 'scheduler', 'metrics', 'seed'];

function set(text: string, path: Path, value: unknown, source?: string): string {
  const edits = edited(text, { path, value, source, order: ORDER });
  if (edits === null) {
    throw new Error('not edited');
  }
  return applied(text, edits);
}
const remove = (text: string, path: Path) => set(text, path, undefined);

describe('a value', () => {
  it('takes the place of another, and nothing beside it moves', () => {
    const next = set(TEMPLATE, ['epochs'], 30);
    expect(next).toBe(TEMPLATE.replace('epochs: 20', 'epochs: 30'));
    expect(edited(TEMPLATE, { path: ['epochs'], value: 30 })).toEqual([
      { from: TEMPLATE.indexOf('20\nbatch'), to: TEMPLATE.indexOf('20\nbatch') + 2, insert: '30' }
    ]);
  });

  it('is written as a person writes it, if that says the same', () => {
    expect(set('learning_rate: 0.1', ['learning_rate'], 0.001, '1e-3')).toBe('learning_rate: 1e-3');
    expect(set('learning_rate: 1e-3', ['learning_rate'], 0.001, '1.0e-3')).toBe('learning_rate: 1.0e-3');
    expect(set('monitor: a', ['monitor'], 'on: off', 'on: off')).toBe('monitor: "on: off"');
  });

  it.each([
    'yes',
    'on',
    '1:30',
    '1e-3',
    '0o7',
    '',
    '- a',
    '# b',
    'null',
    '~',
    '2001-12-14',
    'a: b',
    '[x',
    "it's"
  ])('stays a text: %j', text => {
    const next = set('name: a', ['name'], text);
    expect(readYaml(next)?.values).toEqual({ name: text });
    expect(readYaml(set('model: {a: 1}', ['model', 'a'], text))?.values).toEqual({ model: { a: text } });
  });

  it('leaves a comment in its column, as far as there is room', () => {
    expect(set('model: cnn     # a\ndata: digits  # b\n', ['model'], 'resnet')).toBe(
      'model: resnet  # a\ndata: digits  # b\n'
    );
    expect(set('model: resnet   # a', ['model'], 'cnn')).toBe('model: cnn      # a');
    expect(set('model: cnn   # a', ['model'], 'mobilenet_v2')).toBe('model: mobilenet_v2  # a');
    expect(set('model: cnn  # a', ['model'], 'vit-tiny')).toBe('model: vit-tiny  # a');
  });

  it('is put where a key had none', () => {
    expect(set('name:\nseed: 1\n', ['name'], 'x')).toBe('name: x\nseed: 1\n');
  });
});

describe('a key', () => {
  it('is added below those that belong above it, with the comments where they were', () => {
    const text = 'name: a  # mine\nmodel: cnn  # small\nseed: 1\n';
    expect(set(text, ['data'], 'digits')).toBe(
      'name: a  # mine\nmodel: cnn  # small\ndata: digits\nseed: 1\n'
    );
    expect(set('seed: 1\n', ['name'], 'a')).toBe('name: a\nseed: 1\n');
    expect(set('seed: 1', ['strange'], 2)).toBe('seed: 1\nstrange: 2');
    expect(set('# only a comment\n', ['name'], 'a')).toBe('# only a comment\nname: a\n');
    expect(set('', ['name'], 'a')).toBe('name: a\n');
  });

  it('is added inside of a mapping, on one line or over several', () => {
    expect(set('optimizer: {type: adamw}  # c', ['optimizer', 'weight_decay'], 0.1)).toBe(
      'optimizer: {type: adamw, weight_decay: 0.1}  # c'
    );
    expect(set('validation: {}', ['validation', 'split'], 0.3)).toBe('validation: {split: 0.3}');
    const block = 'model:\n  type: mlp  # c\n\n# next\nseed: 1\n';
    expect(set(block, ['model', 'dropout'], 0.2)).toBe(
      'model:\n  type: mlp  # c\n  dropout: 0.2\n\n# next\nseed: 1\n'
    );
  });

  it('makes lines of what has outgrown its own, behind the comment', () => {
    const layers = ['conv', 'norm', 'activation', 'pool', 'conv', 'norm', 'activation', 'flatten', 'dense'];
    const text = `model: {type: stack, layers: [${layers.join(', ')}]}   # built\nseed: 1\n`;
    const list = (names: string[]) =>
      `model:  # built\n  type: stack\n  layers: [${names.join(', ')}]\nseed: 1\n`;
    const one = set(text, ['model', 'layers'], [...layers, 'dropout']);
    expect(one).toBe(list([...layers, 'dropout']));
    const two = set(one, ['model', 'layers'], [...layers, 'dropout', 'dense', 'dropout', 'dense']);
    expect(two).toContain('  layers:\n    - conv\n    - norm\n');
    expect(two).toContain('    - dense\nseed: 1\n');
    const anchored = text.replace('{type', '&net {type');
    expect(set(anchored, ['model', 'layers'], [...layers, 'dropout'])).toContain('model: &net {type');
  });

  it('is added with the mapping it stands in', () => {
    expect(set('seed: 1\n', ['early_stopping', 'patience'], 3)).toBe(
      'seed: 1\nearly_stopping: {patience: 3}\n'
    );
  });

  it('is taken away with its line, or its comma', () => {
    expect(remove('a: 1  # x\nb: 2\n', ['a'])).toBe('b: 2\n');
    expect(remove('a: 1\nb: 2', ['b'])).toBe('a: 1');
    expect(remove('a: 1', ['a'])).toBe('');
    expect(remove('m: {a: 1, b: 2, c: 3}', ['m', 'b'])).toBe('m: {a: 1, c: 3}');
    expect(remove('m: {a: 1, b: 2}', ['m', 'a'])).toBe('m: {b: 2}');
    expect(remove('m: {a: 1}', ['m', 'a'])).toBe('m: {}');
    expect(remove('m:\n  a: 1\n  b: 2\nc: 3\n', ['m', 'a'])).toBe('m:\n  b: 2\nc: 3\n');
    expect(remove('m:\n  a: 1\nc: 3\n', ['m', 'a'])).toBe('m: {}\nc: 3\n');
    expect(remove('l:\n  - type: x\n    a: 1\n', ['l', 0, 'type'])).toBe('l:\n  - a: 1\n');
    expect(remove('m:\n  a: 1\n  b:\n    - 1\n    - 2\n# about c\nc: 3\n', ['m', 'b'])).toBe(
      'm:\n  a: 1\n# about c\nc: 3\n'
    );
  });

  it('called on is a key', () => {
    expect(set('on: 1\nno: 2\n', ['on'], 3)).toBe('on: 3\nno: 2\n');
  });
});

describe('a list', () => {
  const block =
    'm:\n  layers:\n    - {type: dense, units: 8}  # wide\n    - flatten\n    # the end\n    - type: dense\n      units: 2\nz: 1\n';
  const layers = [{ type: 'dense', units: 8 }, 'flatten', { type: 'dense', units: 2 }];

  it('changes one item where it stands', () => {
    expect(set(block, ['m', 'layers'], layers.with(0, { type: 'dense', units: 9 }))).toBe(
      block.replace('8', '9')
    );
    expect(set(block, ['m', 'layers', 2, 'units'], 3)).toBe(block.replace('units: 2', 'units: 3'));
  });

  it('is put into another order, each item with its text', () => {
    expect(set(block, ['m', 'layers'], [layers[2], layers[0], layers[1]])).toBe(
      'm:\n  layers:\n    # the end\n    - type: dense\n      units: 2\n    - {type: dense, units: 8}  # wide\n    - flatten\nz: 1\n'
    );
  });

  it('takes items in and lets them go', () => {
    expect(set(block, ['m', 'layers'], layers.toSpliced(1, 1))).toBe(
      'm:\n  layers:\n    - {type: dense, units: 8}  # wide\n    # the end\n    - type: dense\n      units: 2\nz: 1\n'
    );
    expect(set(block, ['m', 'layers'], [...layers, { type: 'dropout', rate: 0.5 }])).toBe(
      block.replace('z: 1', '    - {type: dropout, rate: 0.5}\nz: 1')
    );
    expect(set('metrics: [accuracy, f1]  # c', ['metrics'], ['f1', 'auroc', 'accuracy'])).toBe(
      'metrics: [f1, auroc, accuracy]  # c'
    );
    expect(set('metrics: []', ['metrics'], ['f1'])).toBe('metrics: [f1]');
    expect(set('metrics: f1', ['metrics'], ['f1', 'accuracy'])).toBe('metrics: [f1, accuracy]');
    expect(set('metrics:\n- f1\n- accuracy\nz: 1\n', ['metrics'], ['accuracy', 'f1', 'r2'])).toBe(
      'metrics:\n- accuracy\n- f1\n- r2\nz: 1\n'
    );
    expect(remove('metrics:\n- f1\nz: 1\n', ['metrics', 0])).toBe('metrics: []\nz: 1\n');
  });
});

describe('another shape', () => {
  it('takes the place of what is plain, and the other way round', () => {
    expect(set('optimizer: adam  # c\nseed: 1', ['optimizer'], { type: 'adam', eps: 1 })).toBe(
      'optimizer: {type: adam, eps: 1}  # c\nseed: 1'
    );
    expect(set('model:\n  type: mlp\n  hidden: [1]\nseed: 1\n', ['model'], 'cnn')).toBe(
      'model: cnn\nseed: 1\n'
    );
    expect(set('validation: false', ['validation', 'split'], 0.1)).toBe('validation: {split: 0.1}');
  });
});

it('says the same as the change for every shape, with anchors and odd writing as well', () => {
  const texts = [
    'a: &x {b: 1}\nc: *x\nd: [1, 2]\n',
    '{"a": {"b": 1}, "d": [1, {"e": 2}]}',
    '---\na:\n    b: 1 # n\n    g: |\n      long\n      text\nd:\n  -   1\n  -   e: 2\n...\n',
    'a: {b: 1,\n    f: 2}\nd: [1,\n  2, # two\n  3]\n',
    '? a\n: {b: 1}\nd: []\n',
    'a:\r\n  b: 1\r\nd:\r\n  - 1\r\n'
  ];
  const values = [
    1,
    'text',
    'a: b',
    true,
    null,
    [],
    {},
    [1, { x: 'y' }],
    { p: { q: [1] } },
    undefined,
    'l1\nl2'
  ];
  const paths: Path[] = [['a'], ['a', 'b'], ['a', 'n'], ['d'], ['d', 0], ['n'], ['n', 'm'], ['a', 'b', 'c']];
  for (const text of texts) {
    const before = readYaml(text)?.values;
    expect(before).toBeDefined();
    for (const path of paths) {
      for (const value of values) {
        if (path[0] === 'd' && path.length === 2 && JSON.stringify(before).includes('"d":[]')) {
          continue;
        }
        const edits = edited(text, { path, value });
        expect(edits, JSON.stringify([text, path, value])).not.toBeNull();
        expect(readYaml(applied(text, edits ?? []))?.values, JSON.stringify([text, path, value])).toEqual(
          changed(before, path, value)
        );
      }
    }
  }
});

it('leaves alone what doesn’t parse', () => {
  expect(edited('a: [', { path: ['a'], value: 1 })).toBeNull();
});
