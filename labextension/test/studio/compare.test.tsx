import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Snapshot } from '../../src/contract';
import { mountCompare } from '../../src/studio/compare';
import { snapshot } from '../snapshot';
import { TestStudio, button, row, settle, testHost } from './client';

let root: HTMLElement;
let studio: TestStudio;
let host: ReturnType<typeof testHost>;
let unmount: () => void;
const chosen: string[][] = [];

const one = (id: string, changes: Partial<Snapshot> = {}) =>
  snapshot({ run: { ...snapshot().run, id, name: `run ${id}` }, ...changes });

async function open(ids: string[], snapshots: Snapshot[], language = 'en'): Promise<void> {
  studio = new TestStudio(snapshots);
  host = testHost(language);
  const memory = { get: () => undefined, set: () => undefined };
  await act(async () => {
    unmount = mountCompare(root, studio, ids, host, { memory, onIds: all => chosen.push(all) });
    await settle();
  });
}

const click = (label: string) =>
  act(async () => {
    button(root, label).click();
    await settle();
  });
const pass = (ms: number) =>
  act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
  });
const rows = () =>
  [...root.querySelectorAll('.dlt-compare-table tbody tr')].map(line =>
    [...line.children].slice(0, -1).map(cell => cell.textContent)
  );
const columns = () => [...root.querySelectorAll('.dlt-compare-table thead th')].map(cell => cell.textContent);

beforeEach(() => {
  vi.useFakeTimers();
  chosen.length = 0;
  root = document.createElement('div');
  document.body.append(root);
});
afterEach(() => {
  unmount();
  root.remove();
  vi.useRealTimers();
});

describe('several runs', () => {
  const first = () => one('A', { config: 'model: cnn\nseed: 0\nepochs: 20' });
  const second = () =>
    one('B', {
      config: 'model: cnn\nseed: 1',
      best: { metric: 'val_accuracy', mode: 'max', value: 0.99, epoch: 6, step: 1080 }
    });

  it('stand in a table with the settings in which they differ, the best marked', async () => {
    await open(['A', 'B'], [first(), second()]);
    expect(columns()).toEqual(['Run', 'State', 'Best', 'Epochs', 'seed', 'epochs']);
    expect(rows()).toEqual([
      ['run A', 'Running', '0.9842', '7 / 20', '0', '20'],
      ['run B', 'Running', '0.9900', '7 / 20', '1', 'default']
    ]);
    expect(root.querySelectorAll('[data-leads=true]')).toHaveLength(1);
    expect(root.querySelector('[data-leads=true]')?.textContent).toBe('0.9900');
  });

  it('have settings in a person’s own language', async () => {
    await open(['A', 'B'], [first(), second()], 'pt-BR');
    expect(root.querySelector('.dlt-smooth label')?.textContent).toBe('Suavizar');
    expect(root.textContent).not.toContain('Smooth');
  });

  it('lie on one chart a metric', async () => {
    await open(['A', 'B'], [first(), second()]);
    const charts = [...root.querySelectorAll('.dlt-plot')].map(plot => plot.getAttribute('aria-label'));
    expect(charts).toEqual(['loss of 2 runs. Arrow keys read values, Escape shows the whole runs.']);
  });

  it('are hidden and shown by the legend', async () => {
    await open(['A', 'B'], [first(), second()]);
    await click('run A');
    expect(button(root, 'run A').getAttribute('aria-pressed')).toBe('false');
    expect(root.querySelector('.dlt-plot')?.getAttribute('aria-label')).toContain('loss of 1 run.');
    await click('run B');
    expect(root.textContent).toContain('All runs are hidden.');
    await click('run A');
    expect(root.querySelector('.dlt-plot')?.getAttribute('aria-label')).toContain('loss of 1 run.');
  });

  it('are live', async () => {
    await open(['A', 'B'], [first(), second()]);
    studio.followed.get('A')?.tell({ ...first(), progress: { ...first().progress, epoch: 9 } });
    await pass(200);
    expect(rows()[0]?.[3]).toBe('9 / 20');
  });

  it('are told apart by their ids where they share a name', async () => {
    const named = (id: string) => one(id, { run: { ...snapshot().run, id, name: 'same' } });
    await open(['run-aaaaaa', 'run-bbbbbb'], [named('run-aaaaaa'), named('run-bbbbbb')]);
    expect(rows().map(([name]) => name)).toEqual(['same (aaaaaa)', 'same (bbbbbb)']);
  });

  it('are removed, opened and told to the application', async () => {
    await open(['A', 'B'], [first(), second()]);
    await click('Remove run A from the comparison');
    expect(rows().map(([name]) => name)).toEqual(['run B']);
    expect(studio.closed).toEqual(['A']);
    expect(chosen).toEqual([['B']]);
    await act(() => root.querySelector<HTMLElement>('tbody .dlt-link')?.click());
    expect(host.told).toEqual([{ open: 'B' }]);
  });

  it('are joined by another, found by what one types', async () => {
    await open(['A'], [first(), second()]);
    studio.rows = [row('A', 'run A'), row('B', 'run B')];
    await click('Add run');
    await pass(250);
    const input = root.querySelector('input');
    if (input === null) {
      throw new Error('a field to type in');
    }
    await act(() => {
      input.value = 'state:running';
      input.dispatchEvent(new Event('input', { bubbles: true }));
    });
    await pass(250);
    expect(studio.asked.at(-1)).toEqual({ filter: 'state:running', limit: 9, sort: 'newest' });
    expect([...root.querySelectorAll('[role=option]')].map(option => option.textContent)).toEqual([
      'run BCompleted0.9800'
    ]);
    await act(async () => {
      input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
      await settle();
    });
    expect(chosen).toEqual([['A', 'B']]);
    expect(rows().map(([name]) => name)).toEqual(['run A', 'run B']);
    await act(async () => {
      input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }));
      await settle();
    });
    expect(root.querySelector('[role=combobox]')).toBeNull();
    expect(document.activeElement).toBe(button(root, 'Add run'));
  });

  it('are looked for from the first key on, though nothing was painted since the click', async () => {
    await open(['A'], [first()]);
    button(root, 'Add run').click();
    await settle();
    expect(document.activeElement).toBe(root.querySelector('[role=combobox]'));
  });
});

describe('a run that is not there', () => {
  it('keeps its place, with the reason', async () => {
    await open(['A', 'X'], [one('A')]);
    await pass(200);
    expect(root.querySelector('.dlt-missing')?.getAttribute('title')).toContain(
      "No run has the name or id 'X'."
    );
  });

  it('is one that was deleted meanwhile, too', async () => {
    await open(['A', 'B'], [one('A'), one('B')]);
    studio.followed.get('B')?.become('disconnected');
    await pass(200);
    expect(root.querySelectorAll('.dlt-missing')).toHaveLength(1);
  });
});

it('is missing no run that comes back after a break, though another comes back before it', async () => {
  await open(['A', 'B'], [one('A'), one('B')]);
  const become = (state: 'connected' | 'disconnected') => {
    studio.state = state;
    studio.followed.get('A')?.become(state);
    studio.followed.get('B')?.become(state);
  };
  become('disconnected');
  await pass(200);
  become('connected');
  await pass(200);
  expect(root.querySelectorAll('.dlt-missing')).toHaveLength(0);
});

describe('no run', () => {
  it('says what to do', async () => {
    await open([], []);
    expect(root.textContent).toContain('Add two runs or more');
  });
});
