import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Assumed, Outline } from '../../src/builder/contract';
import { type UsedOutline, useOutline } from '../../src/builder/use-outline';
import type { Connection } from '../../src/contract';
import type { Settings } from '../../src/model/yaml-document';

const EMPTY = { lines: [], task: null, input_shape: null, form: null, tokens: 0, outputs: null, why: null };

class Client {
  asked: [Settings, Assumed | undefined][] = [];
  answers: { resolve: (answer: Outline) => void; reject: (error: Error) => void }[] = [];
  connected: (connection: Connection) => void = () => undefined;

  outline(settings: Settings, assumed?: Assumed): Promise<Outline> {
    this.asked.push([settings, assumed]);
    return new Promise((resolve, reject) => this.answers.push({ resolve, reject }));
  }

  onConnection(callback: (connection: Connection) => void) {
    this.connected = callback;
    return () => undefined;
  }
}

let client: Client;
let root: HTMLElement;
let now: UsedOutline;

function Host({ settings }: { settings: Settings | null }) {
  const layers = (settings?.model as { layers: unknown[] } | undefined)?.layers ?? [];
  now = useOutline(client, settings, layers);
  return null;
}

const stack = (...layers: unknown[]) => ({ model: { layers }, data: 'digits' });
const show = (settings: Settings | null) => act(() => render(<Host settings={settings} />, root));
const pass = (ms: number) =>
  act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
  });
const answer = (at: number, parameters: number) =>
  act(async () => client.answers[at]?.resolve({ ...EMPTY, parameters }));

beforeEach(() => {
  vi.useFakeTimers();
  client = new Client();
  root = document.createElement('div');
});
afterEach(() => {
  act(() => render(null, root));
  vi.useRealTimers();
});

it('asks once for what says something of the layers, when editing rests', async () => {
  show({ ...stack('flatten'), epochs: 3 });
  await pass(0);
  expect(client.asked).toEqual([[stack('flatten'), undefined]]);
  show({ ...stack('flatten'), epochs: 4 });
  await pass(1000);
  expect(client.asked).toHaveLength(1);
  show(stack('flatten', 'dense'));
  await pass(60);
  show(stack('flatten', 'dense', 'dense'));
  await pass(1000);
  expect(client.asked.map(([settings]) => settings)).toEqual([
    stack('flatten'),
    stack('flatten', 'dense', 'dense')
  ]);
});

it('drops an answer that was overtaken, and says of which layers one is', async () => {
  show(stack('flatten'));
  await pass(0);
  show(stack('dense'));
  await pass(200);
  await answer(1, 2);
  await answer(0, 1);
  expect(now.outline?.answer.parameters).toBe(2);
  expect(now.outline?.layers).toEqual(['dense']);
});

it('says why there is no answer, keeps the last one, and asks again after a break', async () => {
  show(stack('flatten'));
  await pass(0);
  await answer(0, 7);
  show(stack('dense'));
  await pass(200);
  await act(async () => client.answers[1]?.reject(new Error('gone')));
  expect([now.failed, now.outline?.answer.parameters]).toEqual(['gone', 7]);
  act(() => client.connected('connected'));
  await pass(200);
  await answer(2, 8);
  expect([now.failed, now.outline?.answer.parameters]).toEqual([null, 8]);
  // A kernel that was silent only while it answered.
  act(() => client.connected('connected'));
  await pass(200);
  expect(client.asked).toHaveLength(3);
});

it('asks with what a person says that goes in, and never where there is no stack', async () => {
  show(null);
  await pass(1000);
  expect(client.asked).toEqual([]);
  show(stack('flatten'));
  act(() => now.assume({ input_shape: [3], outputs: 2 }));
  await pass(200);
  expect(client.asked.at(-1)?.[1]).toEqual({ input_shape: [3], outputs: 2 });
});
