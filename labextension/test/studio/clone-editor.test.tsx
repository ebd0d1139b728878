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
