/** A sidebar on a page that a test drives: what it shows, and what a person does to it. */

import { act } from 'preact/test-utils';
import { afterEach, beforeEach, vi } from 'vitest';
import type { StudioHost } from '../../src/studio/contract';
import { mountSidebar } from '../../src/studio/sidebar';
import { TestStudio, row } from '../rows';

export const RUNS = [
  row(9, 'running', { name: 'vit-tiny', host: 'gpu-box-2' }),
  row(8, 'pending', { best: null, spark: [], device: null }),
  row(7, 'paused'),
  row(6, 'completed'),
  row(5, 'stopped'),
  row(4, 'failed', { error: 'ValueError: Expected 64 features, got 63.' })
];

export let root: HTMLElement;
export let studio: TestStudio;
export let unmount: () => void;
export let said: string[];
export let kept: Map<string, unknown>;

export async function open(
  rows = RUNS,
  language = 'en',
  change: (studio: TestStudio) => void = () => undefined,
  wishes: Partial<StudioHost> = {}
) {
  studio = new TestStudio([...rows]);
  change(studio);
  said = [];
  const host: StudioHost = {
    open: id => said.push(`open ${id}`),
    compare: ids => said.push(`compare ${ids.join(' ')}`),
    create: () => said.push('create'),
    insertCode: id => said.push(`insert ${id}`),
    language,
    ...wishes
  };
  root = document.createElement('div');
  document.body.append(root);
  await act(async () => {
    const memory = {
      get: (key: string) => kept.get(key),
      set: (key: string, value: unknown) => void kept.set(key, value)
    };
    unmount = mountSidebar(root, studio, host, { memory });
    await vi.advanceTimersByTimeAsync(0);
  });
  await pass(0);
}

export const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms).then(() => undefined));
export const grid = () => root.querySelector<HTMLElement>('[role=treegrid]') as HTMLElement;
export const lines = () =>
  [...root.querySelectorAll<HTMLElement>('.dlt-row, .dlt-group')].sort(
    (a, b) => Number(a.getAttribute('aria-rowindex')) - Number(b.getAttribute('aria-rowindex'))
  );
export const runs = () => lines().filter(line => line.classList.contains('dlt-row'));
export const run = (name: string) => {
  const found = runs().find(line => line.querySelector('.dlt-row-name')?.textContent === name);
  if (found === undefined) {
    throw new Error(`Expected a row '${name}', found: ${root.textContent}`);
  }
  return found;
};
export const active = () => document.getElementById(grid().getAttribute('aria-activedescendant') ?? '');
export const press = (key: string, init: KeyboardEventInit = {}, target: Element = grid()) =>
  act(async () => {
    target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }));
    await vi.advanceTimersByTimeAsync(0);
  });
export const click = (element: Element | undefined | null, init: MouseEventInit = {}) =>
  act(async () => {
    element?.dispatchEvent(new MouseEvent('click', { bubbles: true, ...init }));
    await vi.advanceTimersByTimeAsync(0);
  });
export const button = (label: string) =>
  [...root.querySelectorAll('button')].find(
    other =>
      (other.getAttribute('aria-label') ?? other.querySelector('.dlt-button-label')?.textContent) === label
  );
export const item = (label: string) =>
  [...root.querySelectorAll('[role=menuitem]')].find(other => other.textContent === label);
export const type = (text: string) =>
  act(async () => {
    const input = root.querySelector('input') as HTMLInputElement;
    input.value = text;
    input.dispatchEvent(new InputEvent('input', { bubbles: true }));
    await vi.advanceTimersByTimeAsync(300);
  });

beforeEach(() => {
  kept = new Map();
  vi.useFakeTimers({ now: Date.parse('2026-03-14T09:36:00Z') });
  HTMLElement.prototype.showPopover = () => undefined;
});
afterEach(() => {
  unmount();
  root.remove();
  vi.useRealTimers();
});
