import { beforeEach, describe, expect, it, vi } from 'vitest';
import widget from '../src/form-widget';

const SCRIPT = `export const mount = (element, place) => {
  const area = document.createElement('textarea');
  area.value = place.text;
  area.addEventListener('input', () => place.onText(area.value));
  const away = place.onElsewhere(text => { area.value = text; });
  element.append(area);
  return () => { away(); area.remove(); };
};`;

/** A widget's model whose kernel answers what the test says. */
class Model {
  readonly traits: Record<string, unknown> = { yaml: 'model: cnn\n' };
  readonly sent: { id: string; verb: string }[] = [];
  readonly listeners = new Map<string, Set<(...args: never[]) => void>>();
  saved: unknown[] = [];

  get(name: string): unknown {
    return this.traits[name];
  }

  set(name: string, value: unknown): void {
    this.traits[name] = value;
  }

  save_changes(): void {
    this.saved.push(this.traits.yaml);
  }

  send(content: unknown): void {
    this.sent.push(content as { id: string; verb: string });
  }

  on(name: string, callback: (...args: never[]) => void): void {
    this.listeners.set(name, (this.listeners.get(name) ?? new Set()).add(callback));
  }

  off(name: string, callback: (...args: never[]) => void): void {
    this.listeners.get(name)?.delete(callback);
  }

  tell(name: string, content?: unknown): void {
    for (const callback of this.listeners.get(name) ?? []) {
      (callback as (content: unknown) => void)(content);
    }
  }

  answer(reply: { ok: boolean; result?: unknown; error?: string }): void {
    const asked = this.sent.shift();
    this.tell('msg:custom', { kind: 'reply', id: asked?.id, ...reply });
  }
}

function show() {
  const model = new Model();
  const el = document.createElement('div');
  document.body.append(el);
  return { model, el, close: widget.render({ model, el }) };
}

const loaded = (model: Model) =>
  model.answer({ ok: true, result: { script: SCRIPT, sheet: '.x { top: 0 }' } });

beforeEach(() => {
  document.body.replaceChildren();
  document.head.replaceChildren();
  // Node runs no blobs as modules; the other way does.
  vi.spyOn(URL, 'createObjectURL').mockReturnValue('data:text/javascript,throw 1');
});

describe("a notebook's form", () => {
  it('shows the text until its script has come, asks for that once, and is dressed once', async () => {
    const first = show();
    expect(first.el.querySelector('pre')?.textContent).toBe('model: cnn\n');
    expect(first.model.sent.map(({ verb }) => verb)).toEqual(['module']);
    loaded(first.model);
    await vi.waitFor(() => expect(first.el.querySelector('textarea')?.value).toBe('model: cnn\n'));
    expect(first.el.querySelector('pre')).toBeNull();
    const second = show();
    loaded(second.model);
    await vi.waitFor(() => expect(second.el.querySelector('textarea')).not.toBeNull());
    expect(document.querySelectorAll('style')).toHaveLength(1);
  });

  it('tells the kernel what is written when typing rests, or the focus goes', async () => {
    const { model, el } = show();
    loaded(model);
    await vi.waitFor(() => expect(el.querySelector('textarea')).not.toBeNull());
    const area = el.querySelector('textarea') as HTMLTextAreaElement;
    const write = (text: string) => {
      area.value = text;
      area.dispatchEvent(new Event('input'));
    };
    write('model: m');
    write('model: mlp');
    expect(model.saved).toEqual([]);
    await vi.waitFor(() => expect(model.saved).toEqual(['model: mlp']));
    write('model: lstm');
    area.dispatchEvent(new Event('focusout', { bubbles: true }));
    expect(model.saved).toEqual(['model: mlp', 'model: lstm']);
  });

  it('follows what is written in another view of the same form, and not itself', async () => {
    const { model, el } = show();
    loaded(model);
    await vi.waitFor(() => expect(el.querySelector('textarea')).not.toBeNull());
    model.set('yaml', 'model: vit\n');
    model.tell('change:yaml');
    expect(el.querySelector('textarea')?.value).toBe('model: vit\n');
    expect(model.saved).toEqual([]);
  });

  it('begins with the text as it is once its script has come', async () => {
    const { model, el } = show();
    model.set('yaml', 'model: vit\n');
    model.tell('change:yaml');
    loaded(model);
    await vi.waitFor(() => expect(el.querySelector('textarea')?.value).toBe('model: vit\n'));
    expect(model.saved).toEqual([]);
  });

  it('says why there is no form, and keeps its text', async () => {
    const { model, el } = show();
    model.answer({ ok: false, error: "The panel's form.js isn't built." });
    await vi.waitFor(() => expect(el.textContent).toContain("form.js isn't built. Run the cell again."));
    expect(el.querySelector('pre')?.textContent).toBe('model: cnn\n');
  });

  it('is gone with all it listened to', async () => {
    const { model, el, close } = show();
    loaded(model);
    await vi.waitFor(() => expect(el.querySelector('textarea')).not.toBeNull());
    close();
    expect(el.childElementCount).toBe(0);
    expect([...model.listeners.values()].every(callbacks => callbacks.size === 0)).toBe(true);
  });

  it('goes, too, when its model went before what was written was told', async () => {
    const { model, el, close } = show();
    loaded(model);
    await vi.waitFor(() => expect(el.querySelector('textarea')).not.toBeNull());
    const area = el.querySelector('textarea') as HTMLTextAreaElement;
    area.value = 'model: mlp';
    area.dispatchEvent(new Event('input'));
    model.save_changes = () => {
      throw new Error('Syncing error: no comm channel defined');
    };
    expect(close).toThrow('no comm channel');
    expect(el.childElementCount).toBe(0);
    expect([...model.listeners.values()].every(callbacks => callbacks.size === 0)).toBe(true);
  });
});
