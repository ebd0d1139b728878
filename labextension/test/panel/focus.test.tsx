import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RunModel } from '../../src/model/run-model';
import { Panel } from '../../src/panel/panel';
import { TestClient } from '../snapshot';
import { button, settle } from '../studio/client';

// A key may follow another before what that one brought was painted, and passive effects come only after that: nothing
// here lets them come.

let root: HTMLElement;

const item = (label: string) =>
  [...root.querySelectorAll<HTMLElement>('[role=menuitem]')].find(it => it.textContent === label);
const press = (key: string) =>
  document.activeElement?.dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
  );
const click = async (element: HTMLElement | undefined) => {
  element?.click();
  await settle();
};

beforeEach(async () => {
  HTMLElement.prototype.showPopover = () => undefined;
  root = document.createElement('div');
  document.body.append(root);
  const memory = { get: () => undefined, set: () => undefined };
  const insight = () => Promise.reject(new Error('not loaded'));
  await act(() =>
    render(<Panel model={new RunModel(new TestClient())} memory={memory} insight={insight} tab="log" />, root)
  );
});
afterEach(() => {
  render(null, root);
  root.remove();
});

it('goes to a question with the click that asks it, and back with the answer', async () => {
  button(root, 'Stop').focus();
  await click(button(root, 'Stop'));
  expect(document.activeElement).toBe(button(root, 'Stop'));
  press('Escape');
  await settle();
  expect(document.activeElement).toBe(button(root, 'Pause'));
});

it('goes into a menu with the click that opens it, so that arrow keys move in it', async () => {
  await click(button(root, 'More'));
  expect(document.activeElement?.textContent).toBe('Suspend');
  press('ArrowDown');
  expect(document.activeElement?.textContent).toBe('Set learning rate…');
});

it('goes into a field with the click that asks for a number, and is not taken again', async () => {
  await click(button(root, 'More'));
  await click(item('Set learning rate…'));
  const input = document.activeElement as HTMLInputElement;
  expect(input.value).toBe('1e-3');
  // Who has typed by the time it is painted types on behind that.
  input.value = '2';
  input.dispatchEvent(new Event('input', { bubbles: true }));
  input.setSelectionRange(1, 1);
  await act(() => new Promise(resolve => setTimeout(resolve, 50)));
  expect([input.selectionStart, input.selectionEnd]).toEqual([1, 1]);
});
