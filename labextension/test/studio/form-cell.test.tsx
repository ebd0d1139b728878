import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TEMPLATE } from '../../src/model/template';
import { mountFormCell } from '../../src/studio/form-cell';
import { TestStudio, settle } from './client';

// The editor itself needs a browser; the plain field stands in its place and does the same.
vi.mock('../../src/studio/code-editor', () => Promise.reject(new Error('not loaded')));

let root: HTMLElement;
let unmount: () => void;
let told: string[];
let elsewhere: ((text: string) => void) | null;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  elsewhere = null;
  root = document.createElement('div');
  document.body.append(root);
  unmount = mountFormCell(root, {
    client: new TestStudio([]),
    text: '',
    onText: text => void told.push(text),
    onElsewhere: callback => {
      elsewhere = callback;
      return () => {
        elsewhere = null;
      };
    },
    language: 'en'
  });
});
afterEach(() => {
  unmount();
  root.remove();
  vi.useRealTimers();
});

const field = () => root.querySelector('textarea') as HTMLTextAreaElement;

it('tells the kernel of the example before anything that is written instead', async () => {
  field().value = 'model: mlp';
  field().dispatchEvent(new Event('input', { bubbles: true }));
  await vi.advanceTimersByTimeAsync(100);
  expect(told).toEqual([TEMPLATE, 'model: mlp']);
});

it('hears of a text from elsewhere as soon as it is there', async () => {
  elsewhere?.('model: vit');
  await settle();
  expect(field().value).toBe('model: vit');
});
