import type { RunState } from '../src/contract';
import type { RunRow } from '../src/studio/contract';
import { START } from './recording';

const MODELS = ['cnn', 'mlp', 'resnet18', 'gru', 'vit-tiny', 'transformer'];
const DATA = ['digits', 'cifar10', 'wine', 'diabetes', 'speech-commands', 'imdb'];
const FRAMEWORKS = ['pytorch', 'tensorflow', 'jax', 'lightning', 'keras'];
const DEVICES = ['cuda:0', 'cpu', 'cuda:1', 'cpu'];
const ENDED: RunState[] = ['completed', 'completed', 'stopped', 'completed', 'failed', 'completed', 'lost'];
const ERRORS: Partial<Record<RunState, string>> = {
  failed: 'ValueError: Expected input of 64 features, got 63.',
  lost: 'The trainer died at step 3,204.'
};

/** What may be asked of a run in a state, as the server says it. */
export function allowedIn(state: RunState): string[] {
  const alive = state === 'pending' || state === 'running' || state === 'paused';
  return alive
    ? ['pause', 'resume', 'suspend', 'stop', 'checkpoint', 'set']
    : state === 'completed'
      ? ['delete']
      : ['resume', 'delete'];
}

/** Run number `i` of a store of many: like a person's real ones, and the same at each call. */
export function madeRow(i: number, total: number): RunRow {
  const age = total - i;
  const state: RunState =
    age === 1
      ? 'pending'
      : age <= 3
        ? 'running'
        : age === 4
          ? 'paused'
          : age === 5
            ? 'suspended'
            : (ENDED[i % ENDED.length] ?? 'completed');
  const fraction = state === 'pending' ? 0 : state === 'completed' ? 1 : 0.15 + 0.7 * chance(i);
  const epochs = 20 + (i % 3) * 20;
  const epoch = Math.round(fraction * epochs);
  const loss = i % 4 === 2;
  const spark = Array.from({ length: Math.min(40, epoch) }, (_, k) => metricAt(i, k, loss));
  const host = i % 5 === 3 ? 'gpu-box-2' : 'lab-3';
  return {
    id: `01JNB7Q2X4${String(i).padStart(6, '0')}`,
    number: i,
    name: `${DATA[i % DATA.length]}-${MODELS[(i * 7) % MODELS.length]}${i % 3 === 0 ? `-${i}` : ''}`,
    state,
    framework: FRAMEWORKS[(i * 3) % FRAMEWORKS.length] ?? 'pytorch',
    executor: i % 2 === 0 ? 'process' : 'thread',
    device: state === 'pending' ? null : (DEVICES[i % DEVICES.length] ?? 'cpu'),
    host,
    epoch,
    epochs,
    step: epoch * 180,
    fraction,
    steps_per_second: state === 'running' ? 412 : null,
    seconds_left: state === 'running' ? (1 - fraction) * 900 : null,
    monitor: loss ? 'val_loss' : 'val_accuracy',
    mode: loss ? 'min' : 'max',
    best: spark.length === 0 ? null : loss ? Math.min(...spark) : Math.max(...spark),
    spark,
    created_at: new Date(START - (age * 37 + 3) * 60_000).toISOString(),
    updated_at: new Date(START - age * 37 * 60_000).toISOString(),
    allowed: allowedIn(state),
    error: ERRORS[state] ?? null,
    trackers: []
  };
}

/** The monitored metric of a run after an epoch. */
export function metricAt(i: number, epoch: number, loss = false): number {
  const noise = 0.03 * (chance(i * 41 + epoch) - 0.5);
  const learned = 1 - Math.exp(-(epoch + 1) / (3 + 6 * chance(i)));
  return loss ? 2.3 * (1 - 0.9 * learned) + noise : Math.min(0.9991, 0.1 + 0.87 * learned + noise);
}

/** A number between 0 and 1 that is always the same for the same one. */
function chance(seed: number): number {
  const x = Math.sin(seed * 12.9898 + 78.233) * 43758.5453;
  return x - Math.floor(x);
}
