import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Memory } from '../../src/contract';
import type { FormField, Part } from '../../src/form/contract';
import { RunForm, type RunFormHandle } from '../../src/form/run-form';
import { TestStudio, button, settle } from '../studio/client';

// The editor itself needs a browser; the plain field stands in its place until it is loaded, and does the same.
vi.mock('../../src/studio/code-editor', () => Promise.reject(new Error('not loaded')));

const field = (name: string, more: Partial<FormField>): FormField => ({
  name,
  type: '',
  kind: 'str',
  description: '',
  ...more
});
const part = (name: string, settings: FormField[], more: Partial<Part> = {}): Part => ({
  name,
  description: '',
  frameworks: [],
  settings,
  ...more
});
const named = (name: string, parts: string, more: Partial<FormField> = {}) =>
  field(name, { kind: 'part', parts, ...more });

const SETTINGS: FormField[] = [
  field('framework', { kind: 'select', options: ['pytorch', 'jax'], default: 'pytorch', group: 'basic' }),
  field('epochs', { kind: 'int', minimum: 1, default: 10, group: 'basic' }),
  field('seed', { kind: 'int', default: 0, group: 'basic', advanced: true }),
  named('model', 'models', { required: true, group: 'model' }),
  named('optimizer', 'optimizers', { default: 'adam', group: 'model' }),
  field('ema', {
    kind: 'group',
    short: 'decay',
    nullable: true,
    group: 'model',
    fields: [
      field('decay', { kind: 'float', exclusive_maximum: 1 }),
      field('warmup', { kind: 'bool', default: true }),
      field('start', { kind: 'int', default: 0, advanced: true })
    ]
  }),
  field('metrics', { kind: 'list', item: named('', 'metrics'), default: [], group: 'basic' })
];
const PARTS: Record<string, Part[]> = {
  models: [
    part(
      'mlp',
      [field('hidden', { kind: 'int', minimum: 1, default: 64 }), field('dropout', { kind: 'float' })],
      {
        presets: { small: { hidden: 8 } }
      }
    ),
    part('cnn', [field('channels', { kind: 'list', default: [32] })])
  ],
  optimizers: [part('adam', []), part('rprop', [], { frameworks: ['pytorch'] })],
  metrics: ['accuracy', 'f1', 'r2'].map(name => part(name, []))
};

let root: HTMLElement;
let studio: TestStudio;
let kept: Record<string, string | number | boolean>;
let started: unknown[];
const handle: { current: RunFormHandle | null } = { current: null };
const memory: Memory = {
  get: key => kept[key],
  set: (key, value) => {
    kept[key] = value;
  }
};

const text = () => (root.querySelector('.dlt-code textarea') as HTMLTextAreaElement).value;
const pass = (ms: number) =>
  act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
  });
const labelled = (name: string) => {
  const label = [...root.querySelectorAll('label')].find(it => it.textContent?.trim() === name);
  const found = root.querySelector(`[id="${label?.htmlFor}"]`);
  if (found === null) {
    throw new Error(`no field '${name}'`);
  }
  return found as HTMLInputElement & HTMLSelectElement;
};
const type = (name: string, value: string) =>
  act(() => {
    const input = labelled(name);
    input.value = value;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
const pick = (name: string, value: string) =>
  act(() => {
    const select = labelled(name);
    select.value = value;
    select.dispatchEvent(new Event('change', { bubbles: true }));
  });
const write = (yaml: string) =>
  act(() => {
    const area = root.querySelector('.dlt-code textarea') as HTMLTextAreaElement;
    area.value = yaml;
    area.dispatchEvent(new Event('input', { bubbles: true }));
  });
const start = () => button(root, 'Start training');

async function open(yaml: string): Promise<void> {
  await act(async () => {
    render(
      <RunForm
        client={studio}
        yaml={yaml}
        memory={memory}
        handle={handle}
        onStarted={made => started.push(made)}
      />,
      root
    );
    await settle();
  });
  await pass(10);
}

beforeEach(() => {
  vi.useFakeTimers();
  kept = {};
  started = [];
  studio = new TestStudio([]);
  studio.described = () => Promise.resolve(SETTINGS);
  studio.offered = kind => Promise.resolve({ parts: PARTS[kind] ?? [], problems: [] });
  root = document.createElement('div');
  document.body.append(root);
});
afterEach(() => {
  act(() => render(null, root));
  root.remove();
  vi.useRealTimers();
});

it('offers the parts that could not be asked for, once the server is back', async () => {
  const { offered } = studio;
  studio.offered = () => Promise.reject(new Error('away'));
  await open('model: mlp');
  expect([...labelled('Model').options].map(it => it.textContent)).toEqual(['mlp']);
  studio.offered = offered;
  await act(async () => {
    studio.become('connected');
    await settle(10);
  });
  expect([...labelled('Model').options].map(it => it.textContent)).toEqual(['mlp', 'cnn']);
});

it('writes what a field says into the text, and nothing else', async () => {
  await open('model: mlp   # small\nepochs: 3  # few\n');
  await type('Epochs', '1e1');
  await type('Hidden', '32');
  await pick('Framework', '1');
  expect(text()).toBe('framework: jax\nmodel: {type: mlp, hidden: 32}   # small\nepochs: 1e1  # few\n');
  await type('Hidden', '');
  expect(text()).toBe('framework: jax\nmodel: {type: mlp}   # small\nepochs: 1e1  # few\n');
});

it('loses no change that comes before the last one was drawn', async () => {
  await open('model: mlp');
  await act(() => {
    for (const [name, value] of [
      ['Epochs', '12'],
      ['Hidden', '32']
    ] as const) {
      const input = labelled(name);
      input.value = value;
      input.dispatchEvent(new Event('input', { bubbles: true }));
    }
  });
  expect(text()).toBe('epochs: 12\nmodel: {type: mlp, hidden: 32}');
});

it('counts line breaks as the editor does, whoever wrote the file', async () => {
  await open('model: mlp\r\nepochs: 3\r\n');
  expect(text()).toBe('model: mlp\nepochs: 3\n');
  await act(() => handle.current?.replace('model: mlp\r\nepochs: 4\r\n'));
  await type('Epochs', '5');
  expect(text()).toBe('model: mlp\nepochs: 5\n');
});

it('reads what is written in the text', async () => {
  await open('model: mlp');
  await write('model: {type: cnn, channels: [8, 16]}\nepochs: 7');
  expect([labelled('Epochs').value, labelled('Channels').value]).toEqual(['7', '8, 16']);
});

it('stays as it was, and is off, while the text doesn’t parse', async () => {
  await open('model: mlp\nepochs: 7');
  await write('model: mlp\nepochs: [7');
  expect([labelled('Epochs').value, labelled('Epochs').disabled]).toEqual(['7', true]);
  expect(root.querySelector('.dlt-form-stopped')?.textContent).toContain('doesn’t parse');
  expect(start().getAttribute('aria-disabled')).toBe('true');
  expect(root.querySelector('.dlt-why')?.textContent).toBe('The YAML doesn’t parse.');
  await write('model: mlp\nepochs: 8');
  expect([labelled('Epochs').value, labelled('Epochs').disabled]).toEqual(['8', false]);
});

it('says at once what is out of range, keeps it, and can’t be started with it', async () => {
  await open('model: mlp');
  await type('Epochs', '0');
  expect(text()).toBe('epochs: 0\nmodel: mlp');
  expect(labelled('Epochs').getAttribute('aria-invalid')).toBe('true');
  expect(root.querySelector('.dlt-why')?.textContent).toBe('Epochs: Expected 1 or more.');
  await type('Epochs', 'many');
  expect([text(), labelled('Epochs').value]).toEqual(['epochs: many\nmodel: mlp', 'many']);
  expect(start().getAttribute('aria-disabled')).toBe('true');
  await type('Epochs', '2');
  expect(start().getAttribute('aria-disabled')).toBe('false');
});

it('counts what is wrong where no field is drawn', async () => {
  kept['form-open-basic'] = false;
  await open('model: {type: mlp, hidden: 0}\nepochs: 0');
  const heads = [...root.querySelectorAll('summary')].map(it => it.textContent);
  expect(heads).toEqual(['Basic1 problem', 'Model1 problem']);
});

it('puts what the server says beside the field, also one that is advanced', async () => {
  studio.problems = () =>
    Promise.resolve([
      { message: 'No such seed.', line: 2, path: ['seed'] },
      { message: 'mlp takes no pictures.', line: 1, path: ['model'] },
      { message: 'The disk is full.', line: null, path: [] }
    ]);
  await open('model: mlp\nseed: 5');
  await pass(500);
  const row = (name: string) => labelled(name).closest('.dlt-field');
  expect(row('Seed')?.querySelector('.dlt-field-problem')?.textContent).toBe('No such seed.');
  expect(row('Model')?.querySelector('.dlt-field-problem')?.textContent).toBe('mlp takes no pictures.');
  expect(root.querySelector('.dlt-problems')?.textContent).toContain('The disk is full.');
  // Once where it is mended, once in the list.
  expect(root.textContent?.split('No such seed.')).toHaveLength(3);
  expect(root.querySelector('.dlt-why')?.textContent).toBe('Mend the problems first');
});

it('puts what is wrong with an item at the item, and what is of no item at the list', async () => {
  studio.problems = () =>
    Promise.resolve([
      { message: 'Unknown metric.', line: 2, path: ['metrics', '1'] },
      { message: 'Too many.', line: 2, path: ['metrics', 'most'] }
    ]);
  await open('model: mlp\nmetrics: [accuracy, f1]');
  await pass(500);
  const items = [...root.querySelectorAll('.dlt-field-item')];
  expect(items.map(it => it.querySelector('.dlt-field-problem')?.textContent)).toEqual([
    undefined,
    'Unknown metric.'
  ]);
  const list = root.querySelector('.dlt-field-list')?.closest('.dlt-field');
  expect([...(list?.querySelectorAll('.dlt-field-problem') ?? [])].at(-1)?.textContent).toBe('Too many.');
});

it('keeps the settings of another part, marked, until they are taken away', async () => {
  await open('model: {type: mlp, hidden: 32}');
  await pick('Model', ':cnn');
  expect(text()).toBe('model: {type: cnn, hidden: 32}');
  const left = root.querySelector('.dlt-field-left');
  expect(left?.textContent).toContain('No settings of cnn');
  await act(() => left?.querySelector('button')?.click());
  expect(text()).toBe('model: {type: cnn}');
});

it('lets a preset go with the part it belongs to, and marks one that is written by hand', async () => {
  await open('model: {type: mlp, preset: small, hidden: 32}');
  await pick('Model', ':cnn');
  expect(text()).toBe('model: {type: cnn, hidden: 32}');
  await write('model: {type: cnn, preset: small}');
  expect(labelled('Preset').getAttribute('aria-invalid')).toBe('true');
  expect(root.querySelector('.dlt-field-left')).toBeNull();
  await pick('Preset', '');
  expect(text()).toBe('model: {type: cnn}');
});

it('keeps a part that the framework hasn’t got, marked', async () => {
  await open('model: mlp\noptimizer: rprop');
  await pick('Framework', '1');
  expect(labelled('Optimizer').value).toBe(':rprop');
  expect(labelled('Optimizer').closest('.dlt-field')?.textContent).toContain(
    'rprop isn’t among what is offered for jax'
  );
  expect(text()).toContain('optimizer: rprop');
});

it('shows what a preset says where nothing else is said', async () => {
  await open('model: mlp');
  expect(labelled('Hidden').placeholder).toBe('64');
  await pick('Preset', 'small');
  expect([text(), labelled('Hidden').placeholder]).toEqual(['model: {type: mlp, preset: small}', '8']);
});

it('spells out what is short for settings only when another is said', async () => {
  await open('model: mlp\nema: 0.99  # smooth');
  await type('Decay', '0.9');
  expect(text()).toBe('model: mlp\nema: 0.9  # smooth');
  await act(() => labelled('Warmup').click());
  expect(text()).toBe('model: mlp\nema: {decay: 0.9, warmup: false}  # smooth');
});

it('leaves a field where it is while something else is typed there, and its group on', async () => {
  await open('model: mlp\nema: 0.99  # smooth');
  const decay = labelled('Decay');
  await act(() => decay.focus());
  await type('Decay', '');
  await type('Decay', '0.9');
  expect(labelled('Decay')).toBe(decay);
  expect(document.activeElement).toBe(decay);
  expect(text()).toBe('model: mlp\nema: {decay: 0.9}  # smooth');
});

it('adds parts to a list, puts them in order and takes them out', async () => {
  await open('model: mlp\nmetrics: [accuracy, f1]  # both\n');
  const press = (label: string) =>
    act(() => (root.querySelector(`[aria-label="${label}"]`) as HTMLElement).click());
  await act(() => {
    const add = root.querySelector('[aria-label="Add to Metrics"]') as HTMLSelectElement;
    add.value = 'r2';
    add.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await press('Move r2 up');
  const unfolded = () => root.querySelector('.dlt-field-item-name[aria-expanded=true]')?.textContent;
  await act(() => (root.querySelectorAll('.dlt-field-item-name')[1] as HTMLElement).click());
  expect(unfolded()).toBe('r2');
  await press('Move r2 up');
  expect(unfolded()).toBe('r2');
  await press('Move r2 down');
  await press('Remove accuracy');
  expect(text()).toBe('model: mlp\nmetrics: [r2, f1]  # both\n');
});

it('hides what few people change, and finds it', async () => {
  await open('model: mlp');
  expect(() => labelled('Seed')).toThrow();
  const search = root.querySelector('input[type=search]') as HTMLInputElement;
  await act(() => {
    search.value = 'see';
    search.dispatchEvent(new Event('input', { bubbles: true }));
  });
  expect(labelled('Seed')).toBeDefined();
  expect(() => labelled('Epochs')).toThrow();
  expect(root.querySelector('.dlt-sections [role=status]')?.textContent).toBe('1 setting found');
  await act(() => {
    search.value = 'hidd';
    search.dispatchEvent(new Event('input', { bubbles: true }));
  });
  expect(labelled('Hidden')).toBeDefined();
});

it('keeps what few people change in sight while something else is typed there', async () => {
  await open('model: mlp\nseed: 5\nepochs: 3');
  const seed = labelled('Seed');
  await type('Seed', '');
  expect(labelled('Seed')).toBe(seed);
  await type('Seed', '7');
  expect(text()).toContain('seed: 7');
  await type('Seed', '');
  const advanced = root.querySelector<HTMLElement>('.dlt-form-toolbar [type=checkbox]');
  await act(() => advanced?.click());
  await act(() => advanced?.click());
  expect(() => labelled('Seed')).toThrow();
});

it('keeps a heading in sight of which the only setting is emptied', async () => {
  studio.described = () =>
    Promise.resolve([...SETTINGS, field('tags', { group: 'basic2', advanced: true, example: 'a' })]);
  kept['form-open-basic2'] = true;
  await open('model: mlp\ntags: a');
  const tags = labelled('Tags');
  await type('Tags', '');
  expect(labelled('Tags')).toBe(tags);
});

it('finds what few people change inside of a group', async () => {
  await open('model: mlp\nema: 0.9');
  expect(() => labelled('Start')).toThrow();
  const search = root.querySelector('input[type=search]') as HTMLInputElement;
  await act(() => {
    search.value = 'start';
    search.dispatchEvent(new Event('input', { bubbles: true }));
  });
  expect(labelled('Start')).toBeDefined();
});

it('follows how a value is written in the text, and looks for plug-ins when one comes to it from elsewhere', async () => {
  await open('model: mlp\nepochs: 1e1');
  await write('model: mlp\nepochs: 10');
  expect(labelled('Epochs').value).toBe('10');
  const asked: string[] = [];
  studio.offered = kind => {
    asked.push(kind);
    return Promise.resolve({ parts: PARTS[kind] ?? [], problems: [] });
  };
  await act(() => labelled('Epochs').focus());
  await pass(0);
  expect(asked).toEqual(['models']);
  await act(() => labelled('Hidden').focus());
  await pass(0);
  expect(asked).toEqual(['models']);
});

it('can be written as YAML where the settings can’t be had, and asks again when the server is back', async () => {
  studio.described = () => Promise.reject(new Error('out of reach'));
  await open('model: mlp');
  expect(root.querySelector('.dlt-pane-form')?.textContent).toContain('can’t be loaded');
  expect(start().getAttribute('aria-disabled')).toBe('false');
  studio.described = () => Promise.resolve(SETTINGS);
  await act(() => studio.become('connected'));
  await pass(10);
  expect(labelled('Epochs')).toBeDefined();
});

it('starts what is written, and takes a text from elsewhere', async () => {
  await open('model: mlp');
  await act(() => handle.current?.replace('model: cnn\nepochs: 4', 'Opened.'));
  expect([labelled('Model').value, root.querySelector('.dlt-said')?.textContent]).toEqual([
    ':cnn',
    'Opened.'
  ]);
  await act(async () => {
    start().click();
    await settle(10);
  });
  expect([studio.asked, started]).toEqual([
    [{ train: 'model: cnn\nepochs: 4' }],
    [{ id: 'N1', name: 'new' }]
  ]);
});
