import './styles/form-widget.css';
import type { FormModule, FormPlace } from './clients/form-contract';
import { imported } from './clients/imported';
import { keepKeys } from './clients/shortcuts';
import { WidgetFormClient } from './clients/widget-form-client';
import type { WidgetModel } from './clients/widget-link';

/** What is typed must rest so long before the kernel is told. */
const REST_MS = 250;
/** The scripts that came so far, by what they say: a page needs each of them once. */
const modules = new Map<string, Promise<FormModule>>();

/** The entry anywidget calls for every view of a notebook's form. It is saved in the notebook, so it only fetches. */
function render({ model, el }: { model: WidgetModel; el: HTMLElement }): () => void {
  const client = new WidgetFormClient(model, () => el.closest('.jupyter-widgets-disconnected') !== null);
  const root = document.createElement('div');
  // The name by which the style sheet finds that there is a form on the page, and hides the copy of its text.
  root.className = 'dltrain-panel dltrain-form';
  const waiting = plainly(root, 'Loading the form…', textOf(model));
  el.append(root);
  let closed = false;
  let unmount: (() => void) | null = null;
  const telling = new Telling(model);
  loaded(client, root).then(
    module => {
      if (!closed) {
        waiting.remove();
        unmount = module.mount(root, placeOf(model, client, telling));
      }
    },
    (error: unknown) => {
      if (!closed) {
        waiting.remove();
        const reason = error instanceof Error ? error.message : String(error);
        plainly(root, `The form can't be shown: ${reason} Run the cell again.`, textOf(model));
      }
    }
  );
  // Who goes on to another cell may ask there for what was written here.
  root.addEventListener('focusout', () => telling.now());
  const freeKeys = keepKeys(el);
  return () => {
    closed = true;
    freeKeys();
    unmount?.();
    client.close();
    root.remove();
    // Last, since a model that is gone itself takes nothing any more, and says so by an error.
    telling.now();
  };
}

async function loaded(client: WidgetFormClient, root: HTMLElement): Promise<FormModule> {
  const { script, sheet } = await client.module();
  const module = modules.get(script) ?? imported<FormModule>(script);
  modules.set(script, module);
  dress(root, sheet);
  return module;
}

/** Adds a style sheet where the form stands, once; a host may keep each widget in a shadow of its own. */
function dress(element: HTMLElement, sheet: string): void {
  const root = element.getRootNode();
  const place = root instanceof ShadowRoot ? root : document.head;
  if (![...place.querySelectorAll('style')].some(style => style.textContent === sheet)) {
    const style = document.createElement('style');
    style.textContent = sheet;
    place.append(style);
  }
}

/** Tells the kernel what is written, when typing rests. */
class Telling {
  /** What the kernel knows, or will in a moment. */
  text: string;
  readonly #model: WidgetModel;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(model: WidgetModel) {
    this.#model = model;
    this.text = textOf(model);
  }

  tell(text: string): void {
    if (text !== this.text) {
      this.text = text;
      this.#model.set('yaml', text);
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.now(), REST_MS);
    }
  }

  now(): void {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#model.save_changes();
    }
  }
}

function placeOf(model: WidgetModel, client: WidgetFormClient, telling: Telling): FormPlace {
  // While the script was on its way nobody listened.
  telling.text = textOf(model);
  return {
    client,
    text: telling.text,
    onText: text => telling.tell(text),
    onElsewhere(callback) {
      const hear = () => {
        const text = textOf(model);
        if (text !== telling.text) {
          telling.text = text;
          callback(text);
        }
      };
      model.on('change:yaml', hear);
      return () => model.off('change:yaml', hear);
    },
    language: document.documentElement.lang || 'en'
  };
}

function textOf(model: WidgetModel): string {
  const text = model.get('yaml');
  return typeof text === 'string' ? text : '';
}

/** Shows a sentence, and the configuration as a text: until there is more to see, or where there can't be. */
function plainly(root: HTMLElement, sentence: string, text: string): HTMLElement {
  const element = document.createElement('div');
  const said = document.createElement('p');
  said.setAttribute('role', 'status');
  said.textContent = sentence;
  const written = document.createElement('pre');
  written.textContent = text;
  element.append(said, written);
  root.append(element);
  return element;
}

export default { render };
