import type { Snapshot } from '../src/contract';
import { mountCompare } from '../src/studio/compare';
import type { StudioHost } from '../src/studio/contract';
import { mountCreate } from '../src/studio/create';
import { mountRun } from '../src/studio/run-tab';
import { BROUGHT } from './brought-answers';
import { FakeStudio } from './fake-studio';
import { STEPS, at } from './recording';
import { SCENARIOS, type Scenario } from './scenarios';

/** What a view stands in; on the development page it only says what it would do. */
export type Show = (element: HTMLElement, host: StudioHost) => void;

const memory = () => {
  const choices = new Map<string, unknown>();
  return {
    get: (key: string) => choices.get(key),
    set: (key: string, value: unknown) => void choices.set(key, value)
  };
};

/** The views of one run, several and a new one, in every state. */
export const VIEWS: Record<string, Show> = {
  'run-running': run('running'),
  'run-completed': run('completed'),
  'run-failed': run('failed'),
  'run-disconnected': run('running', 'disconnected'),
  'run-names': run('names'),
  'run-tracked': run('tracked'),
  'run-tracked-late': run('tracked-late'),
  'run-waiting': (element, host) =>
    mountRun(element, mute(new FakeStudio([])), 'R9', host, { memory: memory() }),
  'run-unknown': (element, host) => mountRun(element, studio(), 'digts-cnn', host, { memory: memory() }),
  'compare-two': compare(2),
  'compare-five': compare(5),
  'compare-nine': compare(9),
  'compare-empty': (element, host) => mountCompare(element, studio(), [], host, { memory: memory() }),
  'compare-missing': (element, host) =>
    mountCompare(element, studio(), ['C0', 'X1'], host, { memory: memory() }),
  create: (element, host) => mountCreate(element, studio(), undefined, host),
  'create-problems': (element, host) => {
    const client = studio();
    client.problems = () => [
      { message: "Unknown model 'cn'. Did you mean 'cnn'? Known: cnn, mlp.", line: 3 },
      { message: 'epochs: expected a whole number from 1, got "many".', line: 5 },
      { message: "data: missing. Name a data set, such as 'digits'.", line: null }
    ];
    mountCreate(element, client, WRONG, host);
  },
  'create-unchecked': (element, host) => {
    const client = studio();
    client.check = () => Promise.reject(new Error('The server doesn’t answer. Is it still running?'));
    mountCreate(element, client, undefined, host);
  },
  'create-refused': (element, host) => {
    const client = studio();
    client.refusal =
      "Framework 'jax' isn't installed. Install it with: pip install \"dltrainer-jupyter[jax]\".";
    mountCreate(element, client, undefined, host);
  }
};

const WRONG = `name: digits-cn
framework: pytorch
model: cn

epochs: many
batch_size: 64
`;

function run(name: string, connection: 'connected' | 'disconnected' = 'connected'): Show {
  return (element, host) => {
    const scenario = SCENARIOS[name]?.() as Scenario;
    const { id } = scenario.snapshot.run;
    mountRun(element, new FakeStudio([scenario], connection), id, host, { memory: memory() });
  };
}

function compare(number: number): Show {
  return (element, host) => {
    const ids = Array.from({ length: number }, (_, i) => `C${i}`);
    mountCompare(element, studio(), ids, host, { memory: memory() });
  };
}

function studio(): FakeStudio {
  return new FakeStudio(
    Array.from({ length: 12 }, (_, i) => ({ snapshot: variant(i), live: false, answers: BROUGHT }))
  );
}

/** A server that is asked and doesn't answer yet. */
function mute(client: FakeStudio): FakeStudio {
  client.run = () => ({
    subscribe: () => () => undefined,
    connection: () => 'connected',
    onConnection: () => () => undefined,
    act: () => new Promise(() => undefined),
    curve: () => new Promise(() => undefined),
    read: () => new Promise(() => undefined),
    close: () => undefined
  });
  return client;
}

/** Other runs like the recorded one: later, earlier, better, worse, with other settings. */
function variant(i: number): Snapshot {
  const end = i === 1 ? 1140 : STEPS;
  const recorded = at(end);
  const bend = 1 + 0.35 * Math.sin(2.3 * i);
  const loss = (value: number | null, k: number) =>
    value === null ? null : value * bend * (1 + 0.03 * Math.sin(k / 7 + i));
  const score = (value: number | null) => (value === null ? null : 1 - (1 - value) * bend);
  const { curves, epochs, best } = recorded;
  const rate = [2e-3, 1e-3, 5e-4][i % 3] ?? 1e-3;
  return {
    ...recorded,
    run: {
      ...recorded.run,
      id: `C${i}`,
      name:
        i % 4 === 3 ? 'digits-cnn' : (['digits-cnn', 'digits-cnn-slow', 'digits-mlp-64'][i % 3] ?? 'digits'),
      state: i === 1 ? 'running' : i === 4 ? 'failed' : 'completed'
    },
    progress: { ...recorded.progress, train_seconds: recorded.progress.train_seconds * (1 + i / 4) },
    curves: Object.fromEntries(
      Object.entries(curves).map(([name, curve]) => [name, { ...curve, values: curve.values.map(loss) }])
    ),
    epochs: Object.fromEntries(
      Object.entries(epochs).map(([name, column]) => [
        name,
        name.endsWith('loss') ? column.map(loss) : /accuracy|f1/.test(name) ? column.map(score) : column
      ])
    ),
    best: best === null ? null : { ...best, value: score(best.value) ?? 0 },
    config: recorded.config
      .replace('2.0e-3', String(rate))
      .replace('model: cnn', i % 3 === 2 ? 'model: {type: mlp, hidden: [64]}' : 'model: cnn')
      .replace('weight_decay: 1.0e-2', i % 2 === 1 ? 'weight_decay: 1.0e-4' : 'weight_decay: 1.0e-2')
      .replace('seed: 0', `seed: ${i % 2}`),
    allowed: i === 1 ? recorded.allowed : ['delete']
  };
}
