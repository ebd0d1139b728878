import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { InsightClient } from '../../src/insight/contract';
import { Evaluations } from '../../src/insight/model/evaluations';
import { snapshot } from '../snapshot';

let answers: { resolve: (epochs: number[]) => void; reject: (error: Error) => void }[];
let evaluations: Evaluations;

const after = (attempts: number, epochs: number[]) =>
  snapshot({ run: { ...snapshot().run, attempts }, epochs: { epoch: epochs } });
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  answers = [];
  const read = (what: string) =>
    what === 'confusions'
      ? Promise.reject(new Error('none'))
      : new Promise((resolve, reject) =>
          answers.push({
            resolve: epochs => resolve({ epoch: epochs.at(-1), epochs, labels: [], summary: null }),
            reject
          })
        );
  evaluations = new Evaluations({ read } as unknown as InsightClient);
});
afterEach(() => vi.useRealTimers());

it('takes no answer that is older than the one it has, however late it comes', async () => {
  evaluations.follow(after(1, [1]));
  await pass(1000);
  evaluations.follow(after(1, [1, 2]));
  await pass(1000);
  answers[1]?.resolve([1, 2]);
  await pass(0);
  answers[0]?.resolve([1]);
  await pass(0);
  expect(evaluations.epochs).toEqual([1, 2]);
  evaluations.follow(after(1, [1, 2, 3]));
  await pass(1000);
  evaluations.follow(after(1, [1, 2, 3, 4]));
  await pass(1000);
  // One that is newer than what is known is taken, though a newer one is on its way.
  answers[2]?.resolve([1, 2, 3]);
  await pass(0);
  expect(evaluations.epochs).toEqual([1, 2, 3]);
});

it('takes no answer from before the run went on from an earlier epoch', async () => {
  evaluations.follow(after(1, [1, 2, 3]));
  await pass(1000);
  evaluations.follow(after(2, [1]));
  answers[0]?.resolve([1, 2, 3]);
  await pass(0);
  expect(evaluations.epochs).toEqual([]);
  await pass(1000);
  answers[1]?.resolve([1]);
  await pass(0);
  expect(evaluations.epochs).toEqual([1]);
});

it('takes no validation of an epoch from before that, either', async () => {
  evaluations.follow(after(1, [1, 2]));
  await pass(1000);
  answers[0]?.resolve([1, 2]);
  await pass(0);
  evaluations.wantEvaluation(1);
  await pass(100);
  evaluations.follow(after(2, [1]));
  answers[1]?.resolve([1]);
  await pass(0);
  expect(evaluations.evaluation(1)).toBeUndefined();
});

it('reads after a break what could not be read in it, also of a run that has ended', async () => {
  evaluations.follow(after(1, [1]));
  await pass(1000);
  answers[0]?.reject(new Error('away'));
  await pass(0);
  expect(evaluations.error).toBe('away');
  evaluations.follow(after(1, [1]));
  await pass(1000);
  answers[1]?.resolve([1]);
  await pass(0);
  expect([evaluations.error, evaluations.epochs]).toEqual([null, [1]]);
});
