import { h, render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Navigation } from '../../src/page/navigation';
import { Shell } from '../../src/page/shell';
import { ThemeChoice } from '../../src/page/theme';
import { TestStudio, row } from '../rows';
import { TestClient } from '../snapshot';

let root: HTMLElement;
let studio: TestStudio;

async function open(rows = [row(1), row(2, 'running')]): Promise<void> {
  studio = new TestStudio(rows);
  const values = new Map<string, unknown>();
  const memory = {
    get: (key: string) => values.get(key),
    set: (key: string, value: unknown) => void values.set(key, value)
  };
  history.replaceState(null, '', '/dltrainer/');
  const navigation = new Navigation('/dltrainer/');
  const host = {
    open: (id: string) => navigation.go({ view: 'run', id }),
    compare: (ids: string[]) => navigation.go({ view: 'compare', ids }),
    create: () => navigation.go({ view: 'new' }),
    language: 'en'
  };
  const theme = new ThemeChoice(memory);
  await act(async () => {
    render(h(Shell, { client: studio, host, memory, navigation, theme }), root);
    await vi.advanceTimersByTimeAsync(50);
  });
  await pass();
}

const pass = () => act(() => vi.advanceTimersByTimeAsync(50).then(() => undefined));
const grid = () => root.querySelector<HTMLElement>('[role=treegrid]');
const pages = () => studio.queries.filter(({ limit }) => limit === 1).length;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('matchMedia', () => ({
    matches: true,
    addEventListener: () => undefined,
    removeEventListener: () => undefined
  }));
  root = document.createElement('div');
  document.body.append(root);
});
afterEach(() => {
  render(null, root);
  root.remove();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('the focus goes on to the run that is chosen in a list that lies over it', async () => {
  await open();
  await act(() => grid()?.focus());
  await act(() => root.querySelector<HTMLElement>('.dlt-row')?.click());
  await pass();
  expect(location.pathname).toBe('/dltrainer/runs/R2');
  expect(root.querySelector('aside')?.hidden).toBe(true);
  expect(document.activeElement).toBe(root.querySelector('main'));
});

test('a view that was left takes no further click, though nothing was painted since', async () => {
  await open();
  studio.runs.set('R2', new TestClient(null));
  await act(() => root.querySelector<HTMLElement>('.dlt-row')?.click());
  await vi.waitFor(() => expect(root.querySelector('.dltp-view .dlt-card')).not.toBeNull());
  root.querySelector<HTMLElement>('.dltp-name')?.click();
  await Promise.resolve();
  expect(location.pathname).toBe('/dltrainer/');
  expect(root.querySelector('.dltp-view .dlt-card')).toBeNull();
});

test('the start asks once whether there are runs, and again after a break', async () => {
  await open([]);
  expect(root.textContent).toContain('Begin with an example');
  await act(async () => {
    studio.tell([row(3, 'running')]);
    studio.tell([row(3, 'running', { step: 5 })]);
    await vi.advanceTimersByTimeAsync(50);
  });
  await pass();
  expect(root.textContent).toContain('Choose a run.');
  expect(pages()).toBe(1);
  studio.rows = [];
  await act(async () => {
    studio.become('disconnected');
    studio.become('connected');
    await vi.advanceTimersByTimeAsync(50);
  });
  await pass();
  expect(root.textContent).toContain('Begin with an example');
});
