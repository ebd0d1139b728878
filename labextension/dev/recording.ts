import type { Checkpoint, Confusion, Snapshot, TryItem } from '../src/contract';
import digits from './recordings/digits.json';

/** The run every scenario is cut from: a small CNN on scikit-learn's digits, 20 epochs of 90 steps. */
export const STEPS_PER_EPOCH = digits.steps_per_epoch;
export const EPOCHS = digits.epochs.epoch.length;
export const STEPS = STEPS_PER_EPOCH * EPOCHS;
export const EXAMPLES: TryItem[] = digits.items.map(item => ({ ...item, features: null }));
export const START = Date.parse('2026-03-14T09:26:53Z');

const SPEED = 412;

export function time(seconds: number): string {
  return new Date(START + 1000 * seconds).toISOString();
}

/** The recorded run as it was after `step` steps. */
export function at(step: number): Snapshot {
  const done = Math.floor(step / STEPS_PER_EPOCH);
  const rows = <T>(column: T[]) => column.slice(0, done);
  const epochs = Object.fromEntries(
    Object.entries(digits.epochs).map(([name, column]) => [name, rows<number | null>(column)])
  );
  const best = bestOf(epochs);
  const epoch = Math.min(EPOCHS, done + 1);
  return {
    version: 1,
    revision: step,
    now: time(step / SPEED + 2),
    run: {
      id: '01JNB7Q2X4W8T6',
      name: 'digits-cnn',
      state: 'running',
      framework: 'pytorch',
      executor: 'thread',
      device: 'cpu',
      resume: 'exact',
      exact: true,
      attempts: 1,
      created_at: time(-1),
      error: null,
      rebuildable: true,
      notices: []
    },
    progress: {
      epoch,
      epochs: EPOCHS,
      step,
      steps: STEPS,
      steps_per_epoch: STEPS_PER_EPOCH,
      fraction: step / STEPS,
      epoch_fraction: (step % STEPS_PER_EPOCH) / STEPS_PER_EPOCH,
      phase: 'training',
      steps_per_second: SPEED,
      seconds_left: (STEPS - step) / SPEED,
      train_seconds: step / SPEED,
      learning_rate: epoch < 12 ? 2e-3 : 5e-4
    },
    monitor: 'val_accuracy',
    best,
    curves: { train_loss: { steps: digits.steps.slice(0, step), values: digits.train_loss.slice(0, step) } },
    epochs,
    confusion: confusion(done),
    checkpoints: checkpoints(epochs, done, best?.step ?? null),
    controls: [
      ...(step > 990
        ? [
            {
              id: 2,
              kind: 'set',
              arguments: { learning_rate: 5e-4 },
              status: 'done' as const,
              outcome: 'Learning rate set to 5e-4 from step 991 (epoch 12).',
              step: 990,
              requested_by: 'panel',
              requested_at: time(990 / SPEED)
            }
          ]
        : []),
      ...(step > 400
        ? [
            {
              id: 1,
              kind: 'checkpoint',
              arguments: {},
              status: 'done' as const,
              outcome: 'Checkpoint written at step 400 (epoch 5).',
              step: 400,
              requested_by: 'notebook',
              requested_at: time(400 / SPEED)
            }
          ]
        : [])
    ],
    events: events(epochs, done),
    config: CONFIG,
    settings: [
      { key: 'epochs', value: 20, whole: true, optional: false },
      { key: 'learning_rate', value: 1e-3, whole: false, optional: false },
      { key: 'validation.interval', value: 1, whole: true, optional: false },
      { key: 'early_stopping.patience', value: 5, whole: true, optional: false },
      { key: 'checkpoint.every_seconds', value: 60, whole: false, optional: true },
      { key: 'checkpoint.every_epochs', value: null, whole: true, optional: true },
      { key: 'checkpoint.keep', value: 3, whole: true, optional: false }
    ],
    allowed: ['pause', 'resume', 'suspend', 'stop', 'checkpoint', 'set']
  };
}

function bestOf(epochs: Snapshot['epochs']): Snapshot['best'] {
  const values = (epochs.val_accuracy ?? []).map(value => value ?? 0);
  const value = Math.max(...values);
  const i = values.indexOf(value);
  return i < 0
    ? null
    : { metric: 'val_accuracy', mode: 'max', value, epoch: i + 1, step: (i + 1) * STEPS_PER_EPOCH };
}

function confusion(epoch: number): Confusion | null {
  const matrix = (digits.confusion as Record<string, number[][]>)[String(epoch)];
  return matrix === undefined ? null : { epoch, labels: [...'0123456789'], matrix };
}

function checkpoints(epochs: Snapshot['epochs'], done: number, best: number | null): Checkpoint[] {
  const kept = new Map<number, Checkpoint['kinds']>();
  const keep = (step: number, kind: Checkpoint['kinds'][number]) =>
    kept.set(step, [...(kept.get(step) ?? []), kind]);
  if (best !== null) {
    keep(best, 'best');
  }
  for (const epoch of [done - 2, done - 1, done].filter(number => number > 0)) {
    keep(epoch * STEPS_PER_EPOCH, 'last');
  }
  if (done * STEPS_PER_EPOCH > 400) {
    keep(400, 'manual');
  }
  return [...kept].map(([step, kinds]) => {
    const row = Math.max(0, Math.round(step / STEPS_PER_EPOCH) - 1);
    const names = ['val_accuracy', 'val_loss', 'train_loss'];
    return {
      step,
      epoch: row + 1,
      kinds,
      metrics: Object.fromEntries(names.map(name => [name, epochs[name]?.[row] ?? null])),
      digest: `sha256:${(step * 2654435761).toString(16).padStart(12, '0')}`,
      bytes: 1_264_321,
      created_at: time(step / SPEED)
    };
  });
}

function events(epochs: Snapshot['epochs'], done: number): Snapshot['events'] {
  const rows = Array.from({ length: done }, (_, i) => {
    const step = (i + 1) * STEPS_PER_EPOCH;
    const accuracy = epochs.val_accuracy?.[i] ?? 0;
    const loss = epochs.val_loss?.[i] ?? 0;
    return {
      at: time(step / SPEED),
      kind: 'epoch',
      message: `Epoch ${i + 1}: val_loss ${loss.toFixed(4)}, val_accuracy ${accuracy.toFixed(4)}.`,
      step
    };
  });
  const started = {
    at: time(0),
    kind: 'started',
    message: 'Training started on cpu, 2 threads, attempt 1.',
    step: 0
  };
  return [started, ...rows].reverse();
}

const CONFIG = `name: digits-cnn
framework: pytorch
model: cnn
data: digits            # 1,797 grey pictures of 8 × 8
epochs: 20
batch_size: 16
learning_rate: 2.0e-3
optimizer: {type: adamw, weight_decay: 1.0e-2}
metrics: [accuracy, f1]
validation: {split: 0.2, interval: 1}
monitor: val_accuracy
checkpoint:
  every_epochs: 1
  keep: 3
seed: 0
executor: thread
`;
