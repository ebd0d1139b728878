import { expect, test } from 'vitest';
import { watchEndings } from '../../src/lab/endings';
import type { RunRow } from '../../src/studio/contract';
import { TestStudio, row } from '../rows';

async function watched(...known: RunRow[]) {
  const told: string[] = [];
  const studio = new TestStudio(known);
  const stop = await watchEndings(studio, ({ number, state }) => told.push(`${number} ${state}`));
  return { studio, told, stop };
}

test('a run that was alive and ends by itself is told of, once', async () => {
  const { studio, told } = await watched(row(1, 'running'), row(2, 'paused'));
  studio.tell([row(3, 'pending')]);
  const ended = [row(1, 'completed'), row(2, 'failed'), row(3, 'lost')];
  studio.tell(ended);
  studio.tell(ended);
  expect(told).toEqual(['1 completed', '2 failed', '3 lost']);
});

test('what ended before, and what a person stopped, is no news', async () => {
  const { studio, told } = await watched(row(1, 'running'), row(2, 'failed'));
  studio.tell([row(2, 'failed')]);
  studio.tell([row(1, 'stopped')]);
  expect(told).toEqual([]);
});

test('a run that goes on after its end can end again', async () => {
  const { studio, told } = await watched(row(1, 'running'));
  for (const state of ['failed', 'running', 'completed'] as const) {
    studio.tell([row(1, state)]);
  }
  expect(told).toEqual(['1 failed', '1 completed']);
});

test('what ended while the server was away is told of when it is back', async () => {
  const { studio, told } = await watched(row(1, 'running'), row(2, 'running'));
  studio.rows = [row(1, 'completed'), row(2, 'running'), row(3, 'failed')];
  studio.become('disconnected');
  studio.become('connected');
  await expect.poll(() => told).toEqual(['1 completed']);
});

test('what ends while it is read which runs are alive is told of', async () => {
  const told: string[] = [];
  const studio = new TestStudio([row(1, 'running')]);
  const alive = studio.read({ limit: 200 });
  let answer: (page: typeof alive) => void = () => undefined;
  studio.answer = () =>
    new Promise(resolve => {
      answer = resolve;
    });
  const watching = watchEndings(studio, ({ number, state }) => told.push(`${number} ${state}`));
  studio.tell([row(1, 'completed')]);
  answer(alive);
  await watching;
  expect(told).toEqual(['1 completed']);
});

test('whoever can’t read which runs are alive listens to nothing', async () => {
  const studio = new TestStudio();
  studio.answer = () => Promise.reject(new Error('away'));
  await expect(watchEndings(studio, () => undefined)).rejects.toThrow('away');
  expect([studio.listeners.size, studio.connections.size]).toEqual([0, 0]);
});

test('whoever stops watching is told nothing more', async () => {
  const { studio, told, stop } = await watched(row(1, 'running'));
  stop();
  studio.tell([row(1, 'completed')]);
  expect(told).toEqual([]);
});
