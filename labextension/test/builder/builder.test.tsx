import { render } from 'preact';
import { act } from 'preact/test-utils';
import { useState } from 'preact/hooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Builder, type BuilderProps, type LayerKind } from '../../src/builder/builder';
import type { Followed, Layer, LayerLine, Outline } from '../../src/builder/contract';
import { namesOf } from '../../src/builder/model';
import { button } from '../studio/client';

const kind = (name: string, tag: string, more: Partial<LayerKind> = {}): LayerKind => ({
  name,
  description: `What ${name} does.`,
  frameworks: [],
  settings: [],
  tags: [tag],
  ...more
});
const UNITS = {
  name: 'units',
  type: 'whole number',
  kind: 'int',
  description: 'Values.',
  default: 64,
  minimum: 1
} as const;
const KINDS = [
  kind('conv', 'features'),
  kind('dense', 'features', { settings: [UNITS] }),
  kind('dropout', 'values'),
  kind('flatten', 'shape'),
  kind('mine', 'nobody')
];

let root: HTMLElement;
let layers: Layer[];
let told: string[];

function followed(of: readonly Layer[], change: (lines: LayerLine[]) => void = () => undefined): Followed {
  const lines: LayerLine[] = namesOf(of).map(name => ({
    name,
    type: name,
    takes: [1, 8, 8],
    gives: [32, 8, 8],
    parameters: 4640,
    problems: [],
    added: false
  }));
  change(lines);
  const answer: Outline = {
    lines,
    parameters: 4640 * lines.length,
    task: 'classification',
    input_shape: [1, 8, 8],
    form: 'image',
    tokens: 0,
    outputs: 10,
    why: null
  };
  return { layers: of, answer };
}

function Host({ begun, props }: { begun: Layer[]; props: Partial<BuilderProps> }) {
  const [[now = [], ...past], setHistory] = useState<Layer[][]>([begun]);
  layers = now;
  return (
    <Builder
      layers={structuredClone(now)}
      onLayers={next => setHistory([next, now, ...past])}
      kinds={KINDS}
      outline={null}
      failed={null}
      onUndo={() => {
        told.push('undo');
        setHistory(past.length === 0 ? [now] : past);
      }}
      onRedo={() => told.push('redo')}
      {...props}
    />
  );
}

const show = (begun: Layer[], props: Partial<BuilderProps> = {}) =>
  act(() => render(<Host begun={begun} props={props} />, root));
const rows = () => [...root.querySelectorAll<HTMLElement>('[role=option]')];
const chosen = () => rows().findIndex(row => row.getAttribute('aria-selected') === 'true');
const focus = (at: number) => act(() => rows()[at]?.focus());
const press = (key: string, more: KeyboardEventInit = {}) =>
  act(() => {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
    (document.activeElement ?? root).dispatchEvent(event);
  });
const said = () => root.querySelector('[role=status]')?.textContent;
const type = (field: HTMLInputElement, text: string) =>
  act(() => {
    field.value = text;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  });
const stale = () => root.querySelector<HTMLElement>('.dlt-stack-scroll')?.dataset.stale;
const finder = () => root.querySelector('.dlt-palette input') as HTMLInputElement;

beforeEach(() => {
  told = [];
  root = document.createElement('div');
  document.body.append(root);
});
afterEach(() => {
  act(() => render(null, root));
  root.remove();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('by keyboard', () => {
  it('layers are chosen, moved, copied and taken out, and it is said what happened', () => {
    show(['conv', 'flatten', 'dense']);
    focus(0);
    press('ArrowDown');
    expect(chosen()).toBe(1);
    press('ArrowDown', { altKey: true });
    expect(layers).toEqual(['conv', 'dense', 'flatten']);
    expect([chosen(), said()]).toEqual([2, 'flatten moved to 3 of 3']);
    expect(document.activeElement).toBe(rows()[2]);
    press('d', { ctrlKey: true });
    expect(layers).toEqual(['conv', 'dense', 'flatten', 'flatten']);
    expect(said()).toBe('flatten duplicated as 4 of 4');
    press('Delete');
    expect(layers).toEqual(['conv', 'dense', 'flatten']);
    expect([chosen(), said()]).toEqual([2, 'flatten2 removed, 3 left']);
    press('Home');
    expect(document.activeElement).toBe(rows()[0]);
    press('ArrowUp', { altKey: true });
    expect(layers).toEqual(['conv', 'dense', 'flatten']);
  });

  it('the focus stays in the list when the layer that has it is undone', () => {
    show(['conv', 'dense']);
    focus(1);
    press('d', { ctrlKey: true });
    expect(chosen()).toBe(2);
    press('z', { ctrlKey: true });
    expect([layers, chosen()]).toEqual([['conv', 'dense'], 1]);
    expect(document.activeElement).toBe(rows()[1]);
  });

  it('a layer passes one that says the same', () => {
    show(['conv', 'dropout', 'dropout', 'dense']);
    focus(1);
    press('ArrowDown', { altKey: true });
    expect([chosen(), said()]).toEqual([2, 'dropout1 moved to 3 of 4']);
    press('ArrowDown', { altKey: true });
    expect(layers).toEqual(['conv', 'dropout', 'dense', 'dropout']);
  });

  it('an edit leaves the elements of other layers where they are', () => {
    show(['conv', 'flatten', 'dense']);
    const before = rows();
    focus(0);
    press('d', { ctrlKey: true });
    expect(rows().filter(row => before.includes(row))).toEqual(before);
  });

  it('one row can be reached by Tab, and Enter goes to its settings', () => {
    show(['conv', 'dense']);
    focus(1);
    expect(rows().map(row => row.tabIndex)).toEqual([-1, 0]);
    press('Enter');
    expect(document.activeElement?.closest('.dlt-field')?.textContent).toContain('Units');
  });

  it('edits are taken back and made again by whoever keeps the YAML', () => {
    show(['conv']);
    focus(0);
    press('z', { ctrlKey: true });
    press('Z', { ctrlKey: true, shiftKey: true });
    press('y', { metaKey: true });
    expect(told).toEqual(['undo', 'redo', 'redo']);
    act(() => finder().focus());
    press('z', { ctrlKey: true });
    expect(told, 'a field with a history of its own').toHaveLength(3);
  });
});

describe('the palette', () => {
  it('adds behind the layer that is chosen, and there again', () => {
    show(['conv', 'dense']);
    focus(0);
    act(() => button(root, 'dropout').click());
    act(() => button(root, 'flatten').click());
    expect(layers).toEqual(['conv', 'dropout', 'flatten', 'dense']);
    expect([chosen(), said()]).toEqual([2, 'flatten added as 3 of 4']);
  });

  it('adds between two layers where somebody says so', () => {
    show(['conv', 'dense']);
    act(() => root.querySelector<HTMLElement>('.dlt-gap')?.click());
    act(() => button(root, 'dropout').click());
    act(() => button(root, 'flatten').click());
    expect(layers).toEqual(['dropout', 'flatten', 'conv', 'dense']);
  });

  it('finds layers by name and by what they do; Enter adds the first', () => {
    show(['conv']);
    act(() => finder().focus());
    type(finder(), 'dro');
    press('Enter');
    expect(layers).toEqual(['conv', 'dropout']);
    type(finder(), 'what mine');
    expect([...root.querySelectorAll('[data-kind]')].map(it => it.textContent)).toEqual(['mine']);
    type(finder(), 'nothing at all');
    expect(root.textContent).toContain('No layer is called so.');
  });

  it('sorts layers by what they do, and those of plug-ins last', () => {
    show(['conv']);
    expect([...root.querySelectorAll('.dlt-palette-group')].map(it => it.textContent)).toEqual([
      'Features',
      'Values',
      'Shape',
      'Others'
    ]);
  });
});

describe('what is known', () => {
  it('stands at each layer: shape, parameters, and what doesn’t fit', () => {
    const outline = followed(['conv', 'dense'], lines => {
      lines[1] = {
        ...(lines[1] as LayerLine),
        gives: null,
        problems: [{ path: [], message: 'dense takes (features,), got (32, 8, 8).' }]
      };
    });
    show(['conv', 'dense'], { outline });
    expect(rows()[0]?.textContent).toContain('32 × 8 × 8');
    expect(rows()[0]?.textContent).toContain('4.6 k');
    expect(rows()[1]?.dataset.bad).toBe('true');
    expect(rows()[1]?.querySelector('.dlt-hidden')?.textContent).toContain(
      'dense takes (features,), got (32, 8, 8).'
    );
    expect(root.textContent).toContain('1 layer is wrong');
  });

  it('stays until it is known anew, and is marked as old once that takes long', () => {
    vi.useFakeTimers();
    show(['conv', 'flatten'], { outline: followed(['conv', 'flatten']) });
    expect(stale()).toBe('false');
    focus(0);
    press('ArrowDown', { altKey: true });
    expect(stale()).toBe('false');
    act(() => vi.advanceTimersByTime(300) && undefined);
    expect(stale()).toBe('true');
    expect(rows()[1]?.textContent).toContain('32 × 8 × 8');
  });

  it('says why nobody knows what goes in, and takes what a person says', () => {
    const outline = followed(['conv']);
    Object.assign(outline.answer, { input_shape: null, why: 'data: this data is your own.' });
    const assumed = vi.fn();
    show(['conv'], { outline, assumed: null, onAssume: assumed });
    expect(root.textContent).toContain('This data is your own.');
    const [shape] = root.querySelectorAll<HTMLInputElement>('.dlt-assume input');
    type(shape as HTMLInputElement, 'wide');
    act(() => button(root, 'Say what goes in').click());
    expect(root.textContent).toContain('Expected one to three whole numbers');
    type(shape as HTMLInputElement, '3x8x8');
    act(() => button(root, 'Say what goes in').click());
    expect(assumed).toHaveBeenCalledWith({ input_shape: [3, 8, 8], outputs: 10 });
  });

  it('says that nobody answers, and keeps what was known', () => {
    show(['conv'], { outline: followed(['conv']), failed: 'The server doesn’t answer.' });
    expect(root.textContent).toContain('can’t be worked out: The server doesn’t answer.');
    expect(rows()[0]?.textContent).toContain('32 × 8 × 8');
  });
});

describe('settings', () => {
  it('of the layer that is chosen are edited, and a name that is none isn’t written', () => {
    show(['conv', 'dense']);
    focus(1);
    const [units, name] = root.querySelectorAll<HTMLInputElement>('.dlt-built-settings input');
    type(units as HTMLInputElement, '32');
    expect(layers).toEqual(['conv', { type: 'dense', units: 32 }]);
    type(name as HTMLInputElement, 'code');
    expect(layers[1]).toEqual({ type: 'dense', name: 'code', units: 32 });
    type(name as HTMLInputElement, '9 lives');
    expect(layers[1]).toEqual({ type: 'dense', name: 'code', units: 32 });
    expect(root.textContent).toContain('Expected a letter');
    expect(chosen()).toBe(1);
  });

  it('that don’t belong there are named and can be taken out', () => {
    const written = [{ type: 'conv', nam: 1 }];
    const outline = followed(written, lines => {
      lines[0]?.problems.push({ path: ['nam'], message: 'Unknown key ‘nam’.' });
    });
    show(written, { outline });
    focus(0);
    act(() => button(root, 'Remove nam').click());
    expect(layers).toEqual(['conv']);
  });
});

describe('an empty stack', () => {
  it('begins with a list of layers, the one that suits the data first', () => {
    const starters = { table: { layers: ['flatten', 'dense'] }, image: { layers: ['conv', 'dense'] } };
    show([], { starters, outline: followed([]) });
    const offered = [...root.querySelectorAll<HTMLElement>('.dlt-starter')];
    expect(offered.map(it => it.querySelector('b')?.textContent)).toEqual(['Images', 'A table']);
    act(() => offered[0]?.click());
    expect(layers).toEqual(['conv', 'dense']);
    expect(said()).toBe('Began with Images: 2 layers');
  });
});
