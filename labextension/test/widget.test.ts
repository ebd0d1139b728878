import { act } from 'preact/test-utils';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { browserMemory } from '../src/model/memory';
import widget from '../src/widget';
import { snapshot } from './snapshot';

class Model {
  readonly traits: Record<string, unknown>;
  saved = 0;
  listening = 0;

  constructor(traits: Record<string, unknown>) {
    this.traits = traits;
  }

  get(name: string): unknown {
    return this.traits[name];
  }

  set(name: string, value: unknown): void {
    this.traits[name] = value;
  }

  save_changes(): void {
    this.saved += 1;
  }

  send(): void {}

  on(): void {
    this.listening += 1;
  }

  off(): void {
    this.listening -= 1;
  }
}

async function show(traits: Record<string, unknown>) {
  const model = new Model({ snapshot: snapshot(), ...traits });
  const el = document.createElement('div');
  document.body.append(el);
  let close: () => void = () => undefined;
  await act(() => {
    close = widget.render({ model, el });
  });
  return { model, el, close };
}

beforeEach(() => {
  localStorage.clear();
  document.body.replaceChildren();
});

describe('the widget', () => {
  it('shows the panel, and takes it and its listeners away again', async () => {
    const { model, el, close } = await show({});
    expect(el.querySelector('.dltrain-panel .dlt-name')?.textContent).toBe('digits-cnn');
    expect(model.listening).toBeGreaterThan(0);
    await act(() => close());
    expect(el.childElementCount).toBe(0);
    expect(model.listening).toBe(0);
  });

  it('keeps what is folded with the widget, if it has a place for it', async () => {
    const { model, el } = await show({ collapsed: {} });
    await act(() => el.querySelector<HTMLElement>('.dlt-fold')?.click());
    expect(model.traits.collapsed).toEqual({ folded: true });
    expect(model.saved).toBe(1);
    const again = await show({ collapsed: { folded: true } });
    expect(again.el.querySelector<HTMLElement>('.dlt-details')?.hidden).toBe(true);
  });

  it('keeps it with the browser otherwise', async () => {
    const { model, el } = await show({});
    await act(() => el.querySelector<HTMLElement>('.dlt-fold')?.click());
    expect(model.saved).toBe(0);
    expect(browserMemory().get('folded')).toBe(true);
  });
});

describe('several panels on a page', () => {
  it('share no id and no name', async () => {
    const panels = [await show({}), await show({})];
    const names = panels.map(
      ({ el }) => new Set([...el.querySelectorAll<HTMLInputElement>('[type=radio]')].map(({ name }) => name))
    );
    expect(names[0]?.size).toBe(1);
    expect(names[0]).not.toEqual(names[1]);
    for (const { el } of panels) {
      expect(el.querySelector('[type=radio]:checked')).not.toBeNull();
    }
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('open on Curves, whatever was looked at in another', async () => {
    const chosen = (el: HTMLElement) => el.querySelector('[role=tab][aria-selected=true]')?.textContent;
    const { el } = await show({});
    await act(() => el.querySelectorAll<HTMLElement>('[role=tab]')[1]?.click());
    expect(chosen(el)).toBe('Confusion');
    expect(chosen((await show({})).el)).toBe('Curves');
  });
});

describe('the browser’s memory', () => {
  it('starts empty where what is kept makes no sense', () => {
    localStorage.setItem('dltrainer:panel', '{broken');
    expect(browserMemory().get('unit')).toBeUndefined();
    localStorage.setItem('dltrainer:panel', 'null');
    const memory = browserMemory();
    memory.set('unit', 'epoch');
    expect(browserMemory().get('unit')).toBe('epoch');
  });

  it('is one for all the views of a page', () => {
    const [one, other] = [browserMemory(), browserMemory()];
    one.set('log', true);
    other.set('unit', 'epoch');
    expect([one, other, browserMemory()].map(memory => [memory.get('log'), memory.get('unit')])).toEqual(
      Array(3).fill([true, 'epoch'])
    );
  });

  it('lasts as long as the page where the browser keeps nothing', () => {
    const refuse = () => {
      throw new DOMException('The storage is full.', 'QuotaExceededError');
    };
    vi.stubGlobal('localStorage', { getItem: () => null, setItem: refuse });
    browserMemory().set('smoothing', 3);
    expect(browserMemory().get('smoothing')).toBe(3);
    vi.unstubAllGlobals();
    browserMemory().set('smoothing', 4);
    expect(browserMemory().get('smoothing')).toBe(4);
  });
});
