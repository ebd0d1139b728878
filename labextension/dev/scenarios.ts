import type {
  Computation,
  Connection,
  FollowingTracker,
  Question,
  Snapshot,
  TrackingState,
  TryItem
} from '../src/contract';
import { BROUGHT, COMPUTED } from './brought-answers';
import { madeClasses, madeNumbers, madeShapes, validated } from './made-evaluation';
import {
  regression,
  regressionItems,
  rows,
  rowItems,
  many,
  longNames,
  broken,
  manyMetrics,
  slow
} from './other-runs';
import { STEPS, at, time } from './recording';
import { HALF, phase, asked, paused, ended, failed, unbuildable } from './run-states';

export interface Scenario {
  snapshot: Snapshot;
  connection?: Connection;
  /** What `try` answers with, if not the recorded pictures. */
  task?: 'classification' | 'regression';
  labels?: string[];
  items?: TryItem[];
  /** What is read of the run besides its snapshot. */
  answers?: Partial<Record<Question, (args: Record<string, unknown>) => unknown>>;
  /** What is computed with its models. */
  computes?: Partial<Record<Computation, (args: Record<string, unknown>) => unknown>>;
  /** Requests hang, as with a busy kernel. */
  mute?: boolean;
  /** The run goes on while it is watched. */
  live?: boolean;
}

/** Every state a panel can be in, by name. */
export const SCENARIOS: Record<string, () => Scenario> = {
  running: () => ({ snapshot: at(HALF), live: true }),
  brought: () => ({ snapshot: ended('completed', STEPS), answers: BROUGHT, computes: COMPUTED }),
  early: () => ({ snapshot: at(37) }),
  starting: () => ({ snapshot: phase('running', 'starting') }),
  waiting: () => ({ snapshot: phase('pending', 'waiting') }),
  pausing: () => ({ snapshot: asked(at(HALF), 'pause'), mute: true }),
  paused: () => ({ snapshot: paused() }),
  suspended: () => ({ snapshot: ended('suspended', HALF) }),
  stopped: () => ({ snapshot: ended('stopped', HALF) }),
  completed: () => ({ snapshot: ended('completed', STEPS) }),
  failed: () => ({ snapshot: failed() }),
  lost: () => ({ snapshot: ended('lost', HALF) }),
  unbuildable: () => ({ snapshot: unbuildable() }),
  disconnected: () => ({ snapshot: at(HALF), connection: 'disconnected' }),
  silent: () => ({ snapshot: paused(), connection: 'silent', mute: true }),
  regression: () => ({ snapshot: regression(), task: 'regression', labels: [], items: regressionItems() }),
  rows: () => ({ snapshot: rows(), labels: ['class_0', 'class_1', 'class_2'], items: rowItems() }),
  classes: () => ({ snapshot: many(40) }),
  crowd: () => ({ snapshot: many(120) }),
  names: () => ({ snapshot: longNames() }),
  nan: () => ({ snapshot: broken() }),
  metrics: () => ({ snapshot: manyMetrics() }),
  evaluated: () => ({
    snapshot: validated(at(STEPS), 40),
    answers: madeClasses({ labels: [...'0123456789'], epochs: 40, kept: 5000, all: 60_000, pictures: true })
  }),
  hundred: () => ({
    snapshot: { ...validated(at(STEPS), 200), confusion: null },
    answers: madeClasses({ labels: hundred(), epochs: 200, kept: 5000, all: 20_000, pictures: true })
  }),
  unpictured: () => ({
    snapshot: validated(at(STEPS), 12),
    answers: madeClasses({ labels: ['cat', 'dog', 'lynx'], epochs: 12, kept: 400, all: 400, pictures: false })
  }),
  unread: () => ({ snapshot: validated({ ...at(STEPS), confusion: null }, 12) }),
  numbers: () => ({ snapshot: validated(regression(), 30), answers: madeNumbers(30) }),
  masks: () => ({
    snapshot: { ...validated(at(STEPS), 20), confusion: null },
    answers: madeShapes('segmentation', 20)
  }),
  boxes: () => ({
    snapshot: { ...validated(at(STEPS), 20), confusion: null },
    answers: madeShapes('detection', 20)
  }),
  slow: () => ({ snapshot: slow() }),
  tracked: () => ({ snapshot: tracked() }),
  'tracked-late': () => ({ snapshot: trackedLate() })
};

/** A hundred names, some of them long. */
function hundred(): string[] {
  return Array.from({ length: 100 }, (_, i) => (i % 9 === 4 ? `a rather long name ${i}` : `class ${i}`));
}

function tracked(): Snapshot {
  const snapshot = ended('completed', STEPS);
  const url = 'http://localhost:5000/#/experiments/3/runs/0f5f0f';
  return { ...snapshot, trackers: [tracker('mlflow', 'MLflow', 'delivered', url, STEPS)] };
}

/** Each state, a page and folders, and a name that would be markup. */
function trackedLate(): Snapshot {
  const snapshot = at(HALF);
  const message = 'http://localhost:5000 doesn’t answer: connection refused.';
  return {
    ...snapshot,
    trackers: [
      { ...tracker('mlflow', 'MLflow', 'behind', 'http://localhost:5000/#/experiments/3', 900), message },
      tracker('tensorboard', 'TensorBoard', 'following', '/home/ana/.dltrainer/R1/tensorboard', HALF),
      tracker('wandb', 'W&B', 'waiting', null, 0),
      tracker('lab', '<img src=x onerror=alert(1)>', 'delivered', 'javascript:alert(1)', HALF)
    ]
  };
}

function tracker(
  name: string,
  label: string,
  state: TrackingState,
  url: string | null,
  step: number
): FollowingTracker {
  return { name, type: name, label, state, url, step, message: null, updated_at: time(step) };
}
