import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WidgetClient, type WidgetModel } from '../../src/clients/widget-client';
import type { Snapshot } from '../../src/contract';
import { snapshot } from '../snapshot';

interface Request {
  kind: string;
  id: string;
  verb: string;
  arguments: Record<string, unknown>;
}

/** The side of Jupyter's model that anywidget shows. */
class FakeModel implements WidgetModel {
  readonly sent: Request[] = [];
  readonly traits: Record<string, unknown>;
  readonly #listeners = new Map<string, Set<(content: unknown) => void>>();
  comm_live?: boolean;

  constructor(first: unknown = snapshot()) {
    this.traits = { snapshot: first };
  }

  get(name: string): unknown {
    return this.traits[name];
  }

  set(name: string, value: unknown): void {
    this.traits[name] = value;
  }

  save_changes(): void {
    throw new Error('nothing is saved here');
  }

  send(content: unknown): void {
    this.sent.push(content as Request);
  }

  on(name: string, callback: (...args: never[]) => void): void {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all.add(callback as (content: unknown) => void));
  }

  off(name: string, callback: (...args: never[]) => void): void {
    this.#listeners.get(name)?.delete(callback as (content: unknown) => void);
  }

  trigger(name: string, content?: unknown): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      listener(content);
    }
  }

  reply(answer: { ok: boolean; result?: unknown; error?: string }, request = this.sent.at(-1)): void {
    this.trigger('msg:custom', { kind: 'reply', id: request?.id, ...answer });
  }

  listening(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('WidgetClient', () => {
  it('tells the snapshot at once and at each change, and not one that is not there', () => {
    const model = new FakeModel({});
    const client = new WidgetClient(model);
    const told: Snapshot[] = [];
    const release = client.subscribe(next => told.push(next));
    expect(told).toEqual([]);
    model.traits.snapshot = snapshot({ revision: 5 });
    model.trigger('change:snapshot');
    expect(told.map(({ revision }) => revision)).toEqual([5]);
    release();
    model.trigger('change:snapshot');
    expect(told).toHaveLength(1);
  });

  it('sends a request and gives its own answer only', async () => {
    const model = new FakeModel();
    const client = new WidgetClient(model);
    const first = client.act('pause');
    const second = client.act('set', { learning_rate: 1e-4 });
    expect(model.sent[1]).toMatchObject({ kind: 'request', verb: 'set', arguments: { learning_rate: 1e-4 } });
    model.reply({ ok: true, result: { id: 2 } }, model.sent[1]);
    model.reply({ ok: true, result: { id: 1 } }, model.sent[0]);
    expect(await first).toEqual({ id: 1 });
    expect(await second).toEqual({ id: 2 });
  });

  it('rejects with the words of the kernel', async () => {
    const model = new FakeModel();
    const asked = new WidgetClient(model).act('pause');
    model.reply({ ok: false, error: "Can't pause run 'digits'." });
    await expect(asked).rejects.toThrow("Can't pause run 'digits'.");
  });

  it('asks for a window of curves', async () => {
    const model = new FakeModel();
    const asked = new WidgetClient(model).curve(['train_loss'], 10, 20, 500);
    expect(model.sent[0]).toMatchObject({
      verb: 'curve',
      arguments: { names: ['train_loss'], start: 10, stop: 20, points: 500 }
    });
    model.reply({ ok: true, result: { train_loss: { steps: [10], values: [1] } } });
    expect(await asked).toEqual({ train_loss: { steps: [10], values: [1] } });
  });

  it('uses ids of its own, as every view hears every answer', () => {
    const model = new FakeModel();
    void new WidgetClient(model).act('pause');
    void new WidgetClient(model).act('pause');
    expect(model.sent[0]?.id).not.toBe(model.sent[1]?.id);
  });

  it('falls silent without an answer, and is connected again with any sign of life', () => {
    const model = new FakeModel();
    const client = new WidgetClient(model);
    const seen: string[] = [];
    client.onConnection(connection => seen.push(connection));
    void client.act('pause');
    vi.advanceTimersByTime(5000);
    expect(client.connection()).toBe('silent');
    model.trigger('change:snapshot');
    expect(client.connection()).toBe('connected');
    // The request is still open, so the wait begins anew.
    vi.advanceTimersByTime(5000);
    model.reply({ ok: true, result: null });
    vi.advanceTimersByTime(5000);
    expect(seen).toEqual(['silent', 'connected', 'silent', 'connected']);
  });

  it('is disconnected when the comm closes, and answers nothing more', async () => {
    const model = new FakeModel();
    const client = new WidgetClient(model);
    const asked = client.act('pause');
    model.comm_live = false;
    model.trigger('comm_live_update');
    const rejected = expect(asked).rejects.toThrow('The kernel is gone.');
    vi.advanceTimersByTime(10);
    await rejected;
    expect(client.connection()).toBe('disconnected');
    await expect(client.act('stop')).rejects.toThrow('The kernel is gone');
    expect(model.sent).toHaveLength(1);
    model.comm_live = true;
    model.trigger('comm_live_update');
    vi.advanceTimersByTime(10);
    expect(client.connection()).toBe('connected');
  });

  it('believes the host’s mark where the model says nothing', () => {
    let closed = false;
    const client = new WidgetClient(new FakeModel(), () => closed);
    vi.advanceTimersByTime(10);
    expect(client.connection()).toBe('connected');
    closed = true;
    vi.advanceTimersByTime(20_000);
    expect(client.connection()).toBe('disconnected');
  });

  it('asks a live run that has gone quiet whether anyone is there', () => {
    const model = new FakeModel();
    const client = new WidgetClient(model);
    vi.advanceTimersByTime(7000);
    expect(model.sent.map(({ verb }) => verb)).toEqual(['ping']);
    model.reply({ ok: false, error: 'Unknown verb.' });
    expect(client.connection()).toBe('connected');
    vi.advanceTimersByTime(20_000);
    expect(client.connection()).toBe('silent');
  });

  it('waits longer for a paused run, which has nothing to tell', () => {
    const model = new FakeModel(snapshot({ run: { ...snapshot().run, state: 'paused' } }));
    new WidgetClient(model).connection();
    vi.advanceTimersByTime(10_000);
    expect(model.sent).toEqual([]);
    vi.advanceTimersByTime(6000);
    expect(model.sent).toHaveLength(1);
  });

  it('knows the kernel is gone when nothing can be sent, until something comes from it', async () => {
    const model = new FakeModel();
    const client = new WidgetClient(model);
    model.send = () => {
      throw new Error('Cannot send');
    };
    await expect(client.act('pause')).rejects.toThrow('The kernel is gone.');
    expect(client.connection()).toBe('disconnected');
    model.trigger('change:snapshot');
    expect(client.connection()).toBe('connected');
  });

  it('asks at once when the host says that the comm changed, without saying how', () => {
    const model = new FakeModel();
    const client = new WidgetClient(model);
    model.trigger('comm_live_update');
    vi.advanceTimersByTime(10);
    expect(model.sent.map(({ verb }) => verb)).toEqual(['ping']);
    vi.advanceTimersByTime(5000);
    expect(client.connection()).toBe('silent');
  });

  it('leaves a finished run alone', () => {
    const model = new FakeModel(snapshot({ run: { ...snapshot().run, state: 'completed' } }));
    new WidgetClient(model).connection();
    vi.advanceTimersByTime(120_000);
    expect(model.sent).toEqual([]);
  });

  it('lets go of everything when it is closed', async () => {
    const model = new FakeModel();
    const client = new WidgetClient(model);
    client.subscribe(() => undefined);
    const asked = client.act('pause');
    client.close();
    await expect(asked).rejects.toThrow('closed');
    expect(model.listening()).toBe(0);
    vi.advanceTimersByTime(60_000);
    expect(model.sent).toHaveLength(1);
  });
});
