import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TEMPLATE } from '../../src/model/template';
import { mountCreate } from '../../src/studio/create';
import { TestStudio, button, settle, testHost } from './client';

// The editor itself needs a browser; the plain field stands in its place until it is loaded, and does the same.
vi.mock('../../src/studio/code-editor', () => Promise.reject(new Error('not loaded')));

let root: HTMLElement;
let studio: TestStudio;
let host: ReturnType<typeof testHost>;
let unmount: () => void;

async function open(yaml?: string): Promise<void> {
  host = testHost();
  await act(async () => {
    unmount = mountCreate(root, studio, yaml, host);
    await settle();
  });
}

const field = () => root.querySelector('textarea') as HTMLTextAreaElement;
const pass = (ms: number) =>
  act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
  });
const write = (text: string) =>
  act(() => {
    field().value = text;
    field().dispatchEvent(new Event('input', { bubbles: true }));
  });
const click = (label: string) =>
  act(async () => {
    button(root, label).click();
    await settle(10);
  });
const choose = (file: File) =>
  act(async () => {
    const input = root.querySelector<HTMLInputElement>('input[type=file]');
    if (input !== null) {
      Object.defineProperty(input, 'files', { value: [file], configurable: true });
      input.dispatchEvent(new Event('change', { bubbles: true }));
    }
    await vi.advanceTimersByTimeAsync(20);
  });

beforeEach(() => {
  vi.useFakeTimers();
  studio = new TestStudio([]);
  root = document.createElement('div');
  document.body.append(root);
});
afterEach(() => {
  unmount();
  root.remove();
  vi.useRealTimers();
});

describe('a new run', () => {
  it('begins with an example, or with what it is given', async () => {
    await open();
    expect(field().value).toBe(TEMPLATE);
    unmount();
    await open('model: mlp');
    expect(field().value).toBe('model: mlp');
    await click('Example');
    expect(field().value).toBe(TEMPLATE);
  });

  it('is looked at when typing rests, once', async () => {
    const seen: string[] = [];
    studio.problems = yaml => {
      seen.push(yaml);
      return Promise.resolve([{ message: "Unknown model 'cn'.", line: 1 }]);
    };
    await open('model: c');
    await write('model: cn');
    expect(root.textContent).toContain('Checking…');
    await pass(400);
    expect(seen).toEqual(['model: cn']);
    expect(root.querySelector('.dlt-problems')?.textContent).toBe("1 problemLine 1Unknown model 'cn'.");
  });

  it('shows the newest answer, also when an older one comes later', async () => {
    const answers: ((message: string) => void)[] = [];
    studio.problems = () =>
      new Promise(resolve => answers.push(message => resolve([{ message, line: null }])));
    await open('a: 1');
    await pass(400);
    await write('a: 2');
    await pass(400);
    answers[1]?.('newer');
    answers[0]?.('older');
    await pass(0);
    expect(root.querySelector('.dlt-problems')?.textContent).toBe('1 problemnewer');
  });

  it('does not start with problems: it shows the first one', async () => {
    studio.problems = () => Promise.resolve([{ message: 'wrong', line: 2 }]);
    await open('a: 1\nb: 2');
    await pass(400);
    expect(button(root, 'Start training').getAttribute('aria-disabled')).toBe('true');
    await act(() => {
      const key = { key: 'Enter', ctrlKey: true, bubbles: true, cancelable: true };
      field().dispatchEvent(new KeyboardEvent('keydown', key));
    });
    expect(studio.asked).toEqual([]);
    expect(document.activeElement).toBe(field());
    expect(field().selectionStart).toBe(5);
  });

  it('starts by Ctrl+Enter, once, and is opened', async () => {
    await open('model: cnn');
    await pass(400);
    const key = () =>
      new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true, cancelable: true });
    await act(async () => {
      field().dispatchEvent(key());
      await Promise.resolve();
    });
    await act(async () => {
      field().dispatchEvent(key());
      await settle(10);
    });
    expect(studio.asked).toEqual([{ train: 'model: cnn' }]);
    expect(host.told).toEqual([{ open: 'N1' }]);
  });

  it('says why it was refused, and can be tried again', async () => {
    await open('model: cnn');
    await pass(400);
    studio.answer = () => Promise.reject(new Error('The disk is full.'));
    await click('Start training');
    expect(root.querySelector('[role=alert]')?.textContent).toBe('The disk is full.');
    studio.answer = () => Promise.resolve({ id: 'N2', name: 'x' });
    await click('Start training');
    expect(host.told).toEqual([{ open: 'N2' }]);
  });

  it('doesn’t take along who has gone elsewhere meanwhile', async () => {
    await open('model: cnn');
    let answer: (made: unknown) => void = () => undefined;
    studio.answer = () =>
      new Promise(resolve => {
        answer = resolve;
      });
    await click('Start training');
    unmount();
    answer({ id: 'N3', name: 'x' });
    await settle(10);
    expect(studio.asked).toEqual([{ train: 'model: cnn' }]);
    expect(host.told).toEqual([]);
  });

  it('can be started when nobody could look at it: the server looks again', async () => {
    studio.problems = () => Promise.reject(new Error('The server doesn’t answer.'));
    await open('model: cnn');
    await pass(400);
    expect(root.querySelector('.dlt-problems')?.textContent).toContain('The server doesn’t answer.');
    await click('Start training');
    expect(studio.asked).toEqual([{ train: 'model: cnn' }]);
  });

  it('is looked at again when the server is back', async () => {
    studio.problems = () => Promise.reject(new Error('The server doesn’t answer.'));
    await open('model: cnn');
    await pass(400);
    studio.problems = () => Promise.resolve([]);
    await act(() => studio.become('connected'));
    await pass(400);
    expect(root.querySelector('.dlt-problems')?.textContent).toContain('No problems.');
  });
});

describe('a file', () => {
  it('takes the place of what was written', async () => {
    await open('model: cnn');
    await choose(new File(['model: mlp\n'], 'mine.yaml'));
    expect(field().value).toBe('model: mlp\n');
    expect(root.querySelector('.dlt-said')?.textContent).toContain('Opened mine.yaml.');
  });

  it.each([
    ['is larger than any configuration', new Uint8Array(1_000_001), 'big.yaml has 1.0 MB'],
    ['is no text', new Uint8Array([0x89, 0x50, 0xff, 0xfe]), 'isn’t text']
  ])('is refused if it %s', async (_, bytes, reason) => {
    await open('model: cnn');
    await choose(new File([bytes], 'big.yaml'));
    expect(root.querySelector('[role=alert]')?.textContent).toContain(reason);
    expect(field().value).toBe('model: cnn');
  });
});

it('says which plug-ins can’t be used, and nothing where all can', async () => {
  studio.offered = kind => {
    studio.asked.push(kind);
    return Promise.resolve({
      parts: [],
      problems: ['/plugins/broken.py: SyntaxError: invalid syntax (line 3).']
    });
  };
  await open();
  await pass(0);
  expect(root.textContent).toContain('A plug-in can’t be used:');
  expect(root.textContent).toContain('/plugins/broken.py: SyntaxError: invalid syntax (line 3).');
  expect(studio.asked).toEqual(['models']);
  studio.offered = () => Promise.resolve({ parts: [], problems: [] });
  await act(async () => {
    field().dispatchEvent(new FocusEvent('focusin', { bubbles: true }));
    await settle(10);
  });
  await pass(0);
  expect(root.textContent).not.toContain('plug-in');
  unmount();
  studio.offered = () => Promise.reject(new Error('out of reach'));
  await open();
  expect(root.textContent).not.toContain('plug-in');
});
