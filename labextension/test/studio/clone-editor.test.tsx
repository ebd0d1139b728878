import { act } from 'preact/test-utils';
import { expect, it, vi } from 'vitest';
import { mountRun } from '../../src/studio/run-tab';
import { snapshot } from '../snapshot';
import { TestStudio, button, settle, testHost } from './client';

// The editor itself needs a browser; the plain field stands in its place and does the same.
vi.mock('../../src/studio/code-editor', () => Promise.reject(new Error('not loaded')));

it('takes the focus where it opens, far from its button, and gives it back to the tabs', async () => {
  const found = snapshot();
  const run = { ...found.run, state: 'completed' as const };
  const studio = new TestStudio([{ ...found, run, allowed: ['resume', 'delete'] }]);
  const root = document.createElement('div');
  document.body.append(root);
  let unmount: () => void = () => undefined;
  const memory = { get: () => undefined, set: () => undefined };
  await act(async () => {
    unmount = mountRun(root, studio, run.id, testHost(), { memory, tab: 'checkpoints' });
    await settle();
  });
  const click = (label: string) =>
    act(async () => {
      button(root, label).click();
      await settle();
    });
  await click('Clone');
  // From the first key on, though nothing was painted since the click.
  button(root, 'Change settings…').click();
  await settle();
  expect(document.activeElement).toBe(root.querySelector('.dlt-clone textarea'));
  await click('Cancel');
  expect(document.activeElement?.getAttribute('role')).toBe('tab');
  expect(document.activeElement?.textContent).toBe('Checkpoints');
  unmount();
  root.remove();
});

it('keeps what is written when the run drops the checkpoint, and beside the settings of the live run', async () => {
  const studio = new TestStudio([snapshot()]);
  const root = document.createElement('div');
  document.body.append(root);
  let unmount: () => void = () => undefined;
  const memory = { get: () => undefined, set: () => undefined };
  HTMLElement.prototype.showPopover = () => undefined;
  await act(async () => {
    unmount = mountRun(root, studio, 'R1', testHost(), { memory, tab: 'checkpoints' });
    await settle();
  });
  const click = (element: HTMLElement | undefined) =>
    act(async () => {
      element?.click();
      await settle();
    });
  await click(button(root, 'Clone'));
  await click(button(root, 'Change settings…'));
  const field = () => root.querySelector<HTMLTextAreaElement>('.dlt-clone textarea');
  await act(() => {
    const area = field() as HTMLTextAreaElement;
    area.value = 'name: mine';
    area.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await act(() => studio.followed.get('R1')?.tell(snapshot({ revision: 2, checkpoints: [] })));
  expect(field()?.value).toBe('name: mine');
  await click(button(root, 'More'));
  const items = [...root.querySelectorAll<HTMLElement>('[role=menuitem]')];
  await click(items.find(item => item.textContent === 'Change settings…'));
  expect(root.querySelector('.dlt-live-settings')).not.toBeNull();
  expect(field()?.value).toBe('name: mine');
  unmount();
  root.remove();
});
