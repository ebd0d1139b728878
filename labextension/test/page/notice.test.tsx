import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Navigation } from '../../src/page/navigation';
import { Notice } from '../../src/page/notice';
import { Start } from '../../src/page/start';
import { pageWords } from '../../src/page/words';
import type { RunsPage } from '../../src/studio/contract';
import { TestStudio, row } from '../rows';
import { settle } from '../studio/client';

let root: HTMLElement;
let studio: TestStudio;
let answers: ((kind: string) => void)[];
const words = pageWords('en');

const show = () =>
  render(
    <Notice client={studio} navigation={new Navigation('/dltrainer/')} words={words} listShown={false} />,
    root
  );
const answer = (at: number) =>
  act(async () => {
    answers[at]?.('opaqueredirect');
    await settle();
  });
const settled = () => act(() => new Promise(resolve => setTimeout(resolve, 50)));

beforeEach(() => {
  answers = [];
  vi.stubGlobal(
    'fetch',
    () => new Promise(resolve => answers.push(type => resolve({ type } as unknown as Response)))
  );
  studio = new TestStudio();
  root = document.createElement('div');
  document.body.append(root);
});
afterEach(() => {
  render(null, root);
  root.remove();
  vi.unstubAllGlobals();
});

test('a break right after the first drawing is told of', async () => {
  show();
  studio.become('disconnected');
  await settled();
  expect(root.textContent).toContain('Not connected to the server.');
});

test('who is let in again is not asked who one is by an answer from before that', async () => {
  await act(show);
  await act(() => studio.become('disconnected'));
  await answer(0);
  expect(root.textContent).toBe('Log in again');
  await act(() => studio.become('connected'));
  await act(() => studio.become('disconnected'));
  await act(() => studio.become('connected'));
  await answer(1);
  expect(root.textContent).toBe('');
});

test('the start knows the first run that is told of, though it asked before there was one', async () => {
  let answer: (page: RunsPage) => void = () => undefined;
  studio.answer = () =>
    new Promise(resolve => {
      answer = resolve;
    });
  const host = { open: () => undefined, compare: () => undefined, create: () => undefined, language: 'en' };
  await act(() => render(<Start client={studio} host={host} words={words} />, root));
  await act(() => studio.tell([row(1, 'running')]));
  await act(async () => answer({ runs: [], next: null, counts: {} }));
  expect(root.textContent).toContain('Choose a run.');
});
