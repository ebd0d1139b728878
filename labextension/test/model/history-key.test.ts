import { expect, it } from 'vitest';
import { historyKey } from '../../src/model/history-key';

/** What a key that is pressed in a field means to a form around it. */
function pressed(key: string, held: KeyboardEventInit, own = false): string | null {
  const form = document.createElement('div');
  const field = document.createElement('input');
  field.toggleAttribute('data-own-undo', own);
  form.append(field);
  let meant: string | null = null;
  form.addEventListener('keydown', event => {
    meant = historyKey(event);
  });
  field.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...held }));
  return meant;
}

it('takes an edit back, or makes it again', () => {
  expect(pressed('z', { ctrlKey: true })).toBe('undo');
  expect(pressed('Z', { metaKey: true, shiftKey: true })).toBe('redo');
  expect(pressed('y', { ctrlKey: true })).toBe('redo');
  expect(pressed('z', {})).toBeNull();
  expect(pressed('z', { ctrlKey: true, altKey: true })).toBeNull();
});

it('leaves a field alone that has a history of its own', () => {
  expect(pressed('z', { ctrlKey: true }, true)).toBeNull();
});
