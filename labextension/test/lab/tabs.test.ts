import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Studio } from '../../src/lab/studio';
import { Tabs } from '../../src/lab/tabs';
import type { View } from '../../src/lab/view';
import { labWords } from '../../src/words/lab';
import { TestStudio, testHost } from '../studio/client';

// JupyterLab's own parts need JupyterLab; a tab is what it shows.
vi.mock('@jupyterlab/apputils', () => ({
  MainAreaWidget: class {
    readonly title = {};
    readonly toolbar = { hide: () => undefined };
    readonly content: unknown;
    constructor({ content }: { content: unknown }) {
      this.content = content;
    }
  },
  WidgetTracker: class {
    readonly #tabs: unknown[] = [];
    find() {
      return undefined;
    }
    forEach(each: (tab: unknown) => void) {
      this.#tabs.forEach(each);
    }
    add(tab: unknown) {
      this.#tabs.push(tab);
    }
  }
}));
vi.mock('../../src/lab/icon', () => ({ runsIcon: undefined }));
vi.mock('../../src/lab/studio', () => ({ COMMANDS: {} }));
// The editor itself needs a browser; the plain field stands in its place and does the same.
vi.mock('../../src/studio/code-editor', () => Promise.reject(new Error('not loaded')));

let shown: View;
let tabs: Tabs;

beforeEach(() => {
  const client = new TestStudio([]);
  const studio = {
    app: { shell: { add: () => undefined, activateById: () => undefined } },
    words: labWords('en'),
    client: () => Promise.resolve(client),
    host: () => testHost()
  };
  tabs = new Tabs(studio as unknown as Studio, null);
  shown = tabs.form('model: cnn').content;
  Widget.attach(shown, document.body);
});
afterEach(() => shown.dispose());

const field = () => shown.node.querySelector('textarea');

test('a new run that is drawn anew, in another language, says what was written in it', async () => {
  await vi.waitFor(() => expect(field()?.value).toBe('model: cnn'));
  const before = field() as HTMLTextAreaElement;
  before.value = 'model: mlp';
  before.dispatchEvent(new Event('input', { bubbles: true }));
  tabs.redraw();
  await vi.waitFor(() => expect(field()?.value).toBeDefined());
  expect(field()).not.toBe(before);
  expect(field()?.value).toBe('model: mlp');
});
