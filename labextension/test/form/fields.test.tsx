import { render } from 'preact';
import { useState } from 'preact/hooks';
import { act } from 'preact/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import type { FieldProblem, FormField } from '../../src/form/contract';
import { Fields, Rows } from '../../src/form/fields';
import { SurroundingsContext } from '../../src/form/surroundings';
import type { Settings } from '../../src/model/yaml-document';
import { changed } from '../../src/model/yaml-edit';

const root = document.createElement('div');
document.body.append(root);
let values: Settings = {};

const field = (name: string, more: Partial<FormField>): FormField => ({
  name,
  type: '',
  kind: 'str',
  description: `What ${name} does.`,
  ...more
});

function Shown(props: { fields: FormField[]; first: Settings; problems: FieldProblem[] }) {
  const [now, setNow] = useState(props.first);
  values = now;
  return (
    <Fields
      fields={props.fields}
      values={now}
      problems={props.problems}
      onChange={(path, value) => setNow(was => changed(was, path, value) as Settings)}
      onRemove={path => setNow(was => changed(was, path, undefined) as Settings)}
    />
  );
}

const AROUND = {
  id: 'form',
  disabled: false,
  advanced: false,
  problems: [],
  framework: null,
  parts: () => null,
  sourceOf: () => null,
  textOf: () => null,
  onChange: () => undefined,
  onRemove: () => undefined
};

const show = (fields: FormField[], first: Settings = {}, problems: FieldProblem[] = []) =>
  act(() => render(<Shown key={Math.random()} fields={fields} first={first} problems={problems} />, root));
const labelled = (name: string) => {
  const label = [...root.querySelectorAll('label')].find(it => it.textContent?.trim() === name);
  return root.querySelector(`[id="${label?.htmlFor}"]`) as HTMLInputElement;
};
const type = (name: string, text: string) =>
  act(() => {
    const input = labelled(name);
    input.value = text;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
/** Types one text after the other, each as soon as the one before is drawn: passive effects come later. */
const typeFast = async (name: string, ...texts: string[]) => {
  for (const text of texts) {
    const input = labelled(name);
    input.value = text;
    input.dispatchEvent(new Event('input', { bubbles: true }));
    await Promise.resolve();
  }
};
const painted = () => act(() => new Promise(resolve => setTimeout(resolve, 50)));
const pick = (select: HTMLSelectElement, text: string) =>
  act(() => {
    const option = [...select.options].find(it => it.textContent === text);
    if (option === undefined) {
      throw new Error(`no option '${text}' among ${[...select.options].map(it => it.textContent)}`);
    }
    select.value = option.value;
    select.dispatchEvent(new Event('change', { bubbles: true }));
  });
const press = (label: string) =>
  act(() => (root.querySelector(`[aria-label="${label}"]`) as HTMLElement).click());

afterEach(() => act(() => render(null, root)));

describe('a number', () => {
  const rate = field('rate', { kind: 'float', default: 0.1, minimum: 0, exclusive_maximum: 1, step: 0.05 });

  it('is written as it is typed, and said to be out of range', async () => {
    await show([rate]);
    expect(labelled('Rate').placeholder).toBe('0.1');
    await type('Rate', '1.5');
    expect(values).toEqual({ rate: 1.5 });
    expect(labelled('Rate').getAttribute('aria-invalid')).toBe('true');
    expect(root.querySelector('.dlt-field-problem')?.textContent).toBe('Expected less than 1.');
    await type('Rate', 'much');
    expect(values).toEqual({ rate: 'much' });
    expect(labelled('Rate').value).toBe('much');
    expect(root.querySelector('.dlt-field-problem')?.textContent).toBe('Expected a number.');
    await type('Rate', '5e-1');
    expect([values, labelled('Rate').value]).toEqual([{ rate: 0.5 }, '5e-1']);
    await type('Rate', '');
    expect(values).toEqual({});
  });

  it('goes up and down by arrows, within its bounds', async () => {
    await show([rate], { rate: 0.1 });
    const press = (key: string) =>
      act(() => void labelled('Rate').dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })));
    await press('ArrowUp');
    expect(values).toEqual({ rate: 0.15 });
    for (let i = 0; i < 5; i += 1) {
      await press('ArrowDown');
    }
    expect(values).toEqual({ rate: 0 });
  });
});

describe('what differs from the default', () => {
  it('is marked, and set back by taking its key away', async () => {
    await show([field('epochs', { kind: 'int', default: 10 })], { epochs: 20 });
    expect(root.querySelector('.dlt-field')?.getAttribute('data-differs')).toBe('true');
    await press('Set Epochs back to its default');
    expect(values).toEqual({});
    expect(document.activeElement).toBe(labelled('Epochs'));
    expect(root.querySelector('.dlt-field-reset')).toBeNull();
  });
});

describe('each kind', () => {
  it('has a control', async () => {
    await show(
      [
        field('name', {}),
        field('fast', { kind: 'bool', default: true }),
        field('mode', { kind: 'select', options: ['min', 'max'], nullable: true }),
        field('on', { kind: 'multiselect', options: ['a', 'b', 'c'], default: ['a'] }),
        field('hidden', { kind: 'list', item: field('', { kind: 'int', minimum: 1 }), default: [64] }),
        field('weights', { kind: 'mapping' }),
        field('stop', {
          kind: 'group',
          nullable: true,
          fields: [field('patience', { kind: 'int', default: 5 })]
        })
      ],
      { mode: 'least' }
    );
    await type('Name', 'a: b');
    await act(() => labelled('Fast').click());
    const mode = labelled('Mode') as unknown as HTMLSelectElement;
    expect(root.textContent).toContain('Expected one of min, max.');
    expect(mode.selectedOptions[0]?.textContent).toBe('least (not offered)');
    await pick(mode, 'max');
    await act(() => (root.querySelectorAll('.dlt-field-choices input')[1] as HTMLElement).click());
    await type('Hidden', '32, 0');
    expect(root.textContent).toContain('Expected 1 or more.');
    await type('Hidden', '32, 16');
    await type('Weights', 'cat: 2');
    await act(() => (root.querySelector('.dlt-field-switch input') as HTMLElement).click());
    expect(values).toEqual({
      name: 'a: b',
      fast: false,
      mode: 'max',
      on: ['a', 'b'],
      hidden: [32, 16],
      weights: { cat: 2 },
      stop: {}
    });
    await type('Patience', '3');
    expect(values.stop).toEqual({ patience: 3 });
  });

  it('keeps what doesn’t parse in the field, and the value as it was', async () => {
    await show([field('hidden', { kind: 'list', item: field('', { kind: 'int' }) })], { hidden: [1] });
    await type('Hidden', '[1, 2');
    expect([labelled('Hidden').value, values]).toEqual(['[1, 2', { hidden: [1] }]);
    expect(root.querySelector('[role=alert]')?.textContent).toContain('doesn’t parse');
    await type('Hidden', '[1, 2]');
    expect([root.querySelector('[role=alert]'), values]).toEqual([null, { hidden: [1, 2] }]);
  });

  it('keeps what is typed as it is typed, however fast', async () => {
    await show([field('hidden', { kind: 'list', item: field('', { kind: 'int' }) })]);
    await typeFast('Hidden', '1', '1,', '1,2', '1,23');
    await painted();
    expect([labelled('Hidden').value, values]).toEqual(['1,23', { hidden: [1, 23] }]);
    // What doesn't parse any more stays said to be so.
    await typeFast('Hidden', '1,234', '1,234{');
    await painted();
    expect([labelled('Hidden').value, values]).toEqual(['1,234{', { hidden: [1, 234] }]);
    expect(root.querySelector('[role=alert]')?.textContent).toContain('doesn’t parse');
  });

  it('is chosen where there are several', async () => {
    const alternatives = [
      field('', { kind: 'group', fields: [field('split', { kind: 'float', default: 0.2 })] }),
      field('', { kind: 'select', options: [false] })
    ];
    await show([field('validation', { kind: 'either', alternatives, default: { split: 0.2 } })]);
    const select = labelled('Validation') as unknown as HTMLSelectElement;
    expect(select.selectedOptions[0]?.textContent).toBe('settings');
    await type('Split', '0.5');
    expect(values).toEqual({ validation: { split: 0.5 } });
    await pick(select, 'false');
    expect(values).toEqual({ validation: false });
    await pick(select, 'settings');
    expect(values).toEqual({});
  });
});

it('keeps the field of a kind while something else is typed there', async () => {
  const alternatives = [
    field('', { kind: 'select', options: ['balanced'] }),
    field('', { kind: 'float', minimum: 0 })
  ];
  await show([field('weights', { kind: 'either', alternatives, nullable: true })], { weights: 0.5 });
  const inner = () => root.querySelector('.dlt-field-inner input') as HTMLInputElement;
  const before = inner();
  const write = (text: string) =>
    act(() => {
      inner().value = text;
      inner().dispatchEvent(new Event('input', { bubbles: true }));
    });
  await write('');
  expect([inner(), values]).toEqual([before, {}]);
  await write('2');
  expect([inner(), values]).toEqual([before, { weights: 2 }]);
});

it('tells a form around it of a text that can’t be written down', async () => {
  const held = new Set<string>();
  const onDraft = (draft: string, holds: boolean) => void (holds ? held.add(draft) : held.delete(draft));
  const fields = [field('sizes', { kind: 'list', item: field('', { kind: 'int' }) })];
  await act(() =>
    render(
      <SurroundingsContext.Provider value={{ ...AROUND, onDraft }}>
        <Shown fields={fields} first={{}} problems={[]} />
      </SurroundingsContext.Provider>,
      root
    )
  );
  await typeFast('Sizes', '1, {');
  expect(held.size).toBe(1);
  await type('Sizes', '1, 2');
  expect(held.size).toBe(0);
});

it('is drawn anew where it, or how it is written, has changed, and nowhere else', async () => {
  const fields = [field('rate', { kind: 'float' }), field('sizes', { kind: 'list' })];
  const drawn: string[] = [];
  const around = {
    ...AROUND,
    onDraft: () => undefined,
    instead: ({ name }: FormField) => {
      drawn.push(name);
      return null;
    }
  };
  let source = '0.1';
  around.textOf = (([key]: readonly (string | number)[]) => (key === 'rate' ? source : null)) as () => null;
  const draw = (value: Settings) =>
    act(() =>
      render(
        <SurroundingsContext.Provider value={around}>
          <Rows fields={fields} path={[]} value={value} />
        </SurroundingsContext.Provider>,
        root
      )
    );
  await draw({ rate: 0.1, sizes: [1, 2] });
  await draw({ rate: 0.1, sizes: [1, 2] });
  expect(drawn).toEqual(['rate', 'sizes']);
  await draw({ rate: 0.1, sizes: [1, 3] });
  source = '1e-1';
  await draw({ rate: 0.1, sizes: [1, 3] });
  expect(drawn).toEqual(['rate', 'sizes', 'sizes', 'rate']);
});

it('adds to one of a few that stands there alone', async () => {
  await show([field('what', { kind: 'multiselect', options: ['a', 'b'] })], { what: 'a' });
  const [one, other] = root.querySelectorAll<HTMLInputElement>('.dlt-field-choices input');
  expect(one?.checked).toBe(true);
  await act(() => other?.click());
  expect(values).toEqual({ what: ['a', 'b'] });
});

it('puts a problem at its setting', async () => {
  await show([field('a', {}), field('b', {})], {}, [{ path: ['b', 'c'], message: 'b is wrong.' }]);
  expect(
    [...root.querySelectorAll('.dlt-field')].map(it => it.querySelector('.dlt-field-problem')?.textContent)
  ).toEqual([undefined, 'b is wrong.']);
  expect(labelled('B').getAttribute('aria-describedby')).toContain('wrong');
});

it('marks what belongs to no setting, and lets it go when asked', async () => {
  const stop = field('stop', { kind: 'group', fields: [field('patience', { kind: 'int' })] });
  await show([stop], { stop: { patience: 1, pattern: 2 } });
  expect(root.querySelector('.dlt-field-left')?.textContent).toContain('pattern');
  await act(() => (root.querySelector('.dlt-field-left button') as HTMLElement).click());
  expect(values).toEqual({ stop: { patience: 1 } });
});

it('moves an item by keyboard, and stays at it', async () => {
  const groups = field('groups', {
    kind: 'list',
    item: field('', { kind: 'group', fields: [field('match', {})] })
  });
  await show([groups], { groups: [{ match: 'a' }, { match: 'b' }, { match: 'c' }] });
  await press('Move Groups 1 down');
  expect(values).toEqual({ groups: [{ match: 'b' }, { match: 'a' }, { match: 'c' }] });
  expect(document.activeElement?.getAttribute('aria-label')).toBe('Move Groups 2 down');
  expect(root.querySelector('[role=status]')?.textContent).toBe('Groups 1 is now 2 of 3.');
  await press('Remove Groups 2');
  expect(values).toEqual({ groups: [{ match: 'b' }, { match: 'c' }] });
  await press('Remove Groups 2');
  await press('Remove Groups 1');
  expect(values).toEqual({});
  expect(document.activeElement?.getAttribute('title')).toBe('Add to Groups');
});
