import type { JSX } from 'preact';
import { render } from 'preact';
import { useState } from 'preact/hooks';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { CodeEditor, EditorOptions } from '../../src/studio/code-editor';
import { type FieldHandle, YamlField } from '../../src/studio/yaml-field';

/** An editor without a browser: it holds a text, and tells each change as the real one does, at once. */
class Editor implements CodeEditor {
  text: string;
  cursor: number | null = null;
  replaced = 0;
  readonly #options: EditorOptions;

  constructor(options: EditorOptions) {
    this.#options = options;
    this.text = options.text;
  }

  type(text: string): void {
    this.text = text;
    this.#options.onChange(text);
  }

  replace(text: string): void {
    this.replaced += 1;
    this.type(text);
  }

  edit(): void {}
  undo(): void {}
  redo(): void {}
  mark(): void {}
  goTo(): void {}
  focus(at: number): void {
    this.cursor = at;
  }
  destroy(): void {}
}

let editor: Editor;
/** What happens once the editor is there, and before that was drawn. */
let meanwhile: (() => void) | null = null;
vi.mock('../../src/studio/code-editor', () => ({
  createEditor: (_: HTMLElement, options: EditorOptions) => {
    editor = new Editor(options);
    if (meanwhile !== null) {
      queueMicrotask(meanwhile);
    }
    return editor;
  }
}));

const root = document.createElement('div');
const handle: { current: FieldHandle | null } = { current: null };
const shown: string[] = [];

function View(): JSX.Element {
  const [text, setText] = useState('begun');
  shown.push(text);
  return (
    <YamlField
      text={text}
      label="Configuration"
      problems={[]}
      handle={handle}
      onText={setText}
      onSubmit={() => undefined}
      settings={() => Promise.resolve([])}
      parts={() => Promise.resolve({ parts: [], problems: [] })}
    />
  );
}

const open = async () => {
  await act(() => render(<View />, root));
  await vi.waitFor(async () => {
    await act(() => undefined);
    expect(root.querySelector('textarea')).toBeNull();
  });
};
beforeEach(() => {
  meanwhile = null;
});
afterEach(() => render(null, root));

it('writes nothing back into the editor, however soon one change follows another', async () => {
  await open();
  editor.type('');
  // Drawn, but what is to be done after that has not been done yet.
  await vi.waitFor(() => expect(shown.at(-1)).toBe(''), { interval: 0 });
  editor.type('name: digits');
  await act(() => vi.waitFor(() => expect(shown.at(-1)).toBe('name: digits')));
  expect([editor.text, editor.replaced]).toEqual(['name: digits', 0]);
});

it('takes a text from elsewhere when it is told to', async () => {
  await open();
  await act(() => handle.current?.replace('name: opened'));
  expect([editor.text, shown.at(-1)]).toEqual(['name: opened', 'name: opened']);
});

it('gives the editor what comes between its loading and its being drawn', async () => {
  meanwhile = () => handle.current?.replace('name: opened');
  await open();
  expect([editor.text, shown.at(-1)]).toEqual(['name: opened', 'name: opened']);
});

it('goes on where one was writing when the editor comes', async () => {
  document.body.append(root);
  await act(() => render(<View />, root));
  const plain = root.querySelector('textarea');
  plain?.focus();
  plain?.setSelectionRange(3, 3);
  await open();
  expect(editor.cursor).toBe(3);
  root.remove();
});
