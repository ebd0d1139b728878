import { afterEach, describe, expect, it } from 'vitest';
import { keepKeys } from '../../src/clients/shortcuts';

const ATTRIBUTE = 'data-lm-suppress-shortcuts';

function panel(): {
  root: HTMLElement;
  press: (on: string, key: string, more?: KeyboardEventInit) => boolean;
} {
  const root = document.createElement('div');
  for (const name of ['button', 'input']) {
    root.append(document.createElement(name));
  }
  document.body.append(root);
  const press = (on: string, key: string, more: KeyboardEventInit = {}) => {
    root.querySelector(on)?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...more }));
    return root.hasAttribute(ATTRIBUTE);
  };
  return { root, press };
}

afterEach(() => document.body.replaceChildren());

describe('keepKeys', () => {
  it('keeps the keys a button uses and leaves the rest to Lab', () => {
    const { root, press } = panel();
    keepKeys(root);
    expect(press('button', 'Enter')).toBe(true);
    expect(press('button', 'ArrowDown')).toBe(true);
    expect(press('button', 'Enter', { shiftKey: true })).toBe(false);
    expect(press('button', 's', { ctrlKey: true })).toBe(false);
    expect(press('button', 'b')).toBe(false);
  });

  it('keeps every key while one types', () => {
    const { root, press } = panel();
    keepKeys(root);
    expect(press('input', 'd')).toBe(true);
    expect(press('input', 's', { ctrlKey: true })).toBe(false);
  });

  it('ends', () => {
    const { root, press } = panel();
    keepKeys(root)();
    expect(press('button', 'Enter')).toBe(false);
  });
});
