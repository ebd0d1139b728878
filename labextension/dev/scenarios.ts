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
import { EPOCHS, START, STEPS, STEPS_PER_EPOCH, at, time } from './recording';

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

const STOPPED = ['resume', 'delete'];
const HALF = 1140;

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

function phase(state: 'pending' | 'running', name: 'waiting' | 'starting'): Snapshot {
  const snapshot = at(0);
  return {
    ...snapshot,
    run: { ...snapshot.run, state },
    progress: {
      ...snapshot.progress,
      epoch: 0,
      phase: name,
      steps: null,
      steps_per_epoch: null,
      steps_per_second: null,
      seconds_left: null,
      learning_rate: null
    },
    best: null,
    events: []
  };
}

function asked(snapshot: Snapshot, kind: string): Snapshot {
  const control = {
    id: 9,
    kind,
    arguments: {},
    status: 'requested' as const,
    outcome: null,
    step: null,
    requested_by: 'panel',
    requested_at: snapshot.now
  };
  return { ...snapshot, controls: [control, ...snapshot.controls] };
}

function paused(): Snapshot {
  const snapshot = at(HALF);
  const outcome = 'Paused at step 1,140 (epoch 13).';
  return {
    ...snapshot,
    run: { ...snapshot.run, state: 'paused' },
    progress: { ...snapshot.progress, steps_per_second: null, seconds_left: null },
    controls: [
      {
        id: 3,
        kind: 'pause',
        arguments: {},
        status: 'done',
        outcome,
        step: HALF,
        requested_by: 'panel',
        requested_at: snapshot.now
      },
      ...snapshot.controls
    ],
    events: [{ at: snapshot.now, kind: 'paused', message: outcome, step: HALF }, ...snapshot.events]
  };
}

function ended(state: 'suspended' | 'stopped' | 'completed' | 'failed' | 'lost', step: number): Snapshot {
  const snapshot = at(step);
  const sentence = {
    suspended: 'Suspended at step 1,140 (epoch 13).',
    stopped: 'Stopped at step 1,140 (epoch 13).',
    completed: 'Completed 20 epochs in 4.4 s.',
    failed: 'The training failed.',
    lost: 'The trainer (process 21734) died.'
  }[state];
  return {
    ...snapshot,
    run: { ...snapshot.run, state },
    progress: { ...snapshot.progress, phase: 'ended', steps_per_second: null, seconds_left: null },
    events: [{ at: snapshot.now, kind: state, message: sentence, step }, ...snapshot.events],
    allowed: state === 'completed' ? ['delete'] : STOPPED
  };
}

function failed(): Snapshot {
  const snapshot = ended('failed', HALF);
  return {
    ...snapshot,
    run: {
      ...snapshot.run,
      error: {
        type: 'RuntimeError',
        message: 'mat1 and mat2 shapes cannot be multiplied (16x384 and 392x10)',
        traceback: `Traceback (most recent call last):
  File "<cell 7>", line 14, in forward
    return self.head(self.features(x).flatten(1))
  File "<cell 7>", line 9, in features
    x = self.pool(torch.relu(self.conv2(x)))
RuntimeError: mat1 and mat2 shapes cannot be multiplied (16x384 and 392x10)
`,
        step: HALF + 1
      }
    }
  };
}

function unbuildable(): Snapshot {
  const snapshot = ended('lost', HALF);
  const notice =
    'This run can’t outlive its kernel: the model’s class holds an open file, which can’t be pickled.';
  return {
    ...snapshot,
    run: { ...snapshot.run, rebuildable: false, notices: [notice] },
    allowed: ['delete']
  };
}

function regression(): Snapshot {
  const snapshot = at(STEPS);
  const epochs = pick(snapshot, ['epoch', 'step', 'learning_rate', 'train_loss', 'val_loss']);
  const loss = (epochs.val_loss ?? []).map(value => (value ?? 0) * 2900 + 2780);
  return {
    ...snapshot,
    run: { ...snapshot.run, id: 'R7', name: 'diabetes-mlp', state: 'completed' },
    progress: { ...snapshot.progress, phase: 'ended', steps_per_second: null, seconds_left: null },
    monitor: 'val_mae',
    best: { metric: 'val_mae', mode: 'min', value: 42.31, epoch: 17, step: 17 * STEPS_PER_EPOCH },
    curves: {
      train_loss: {
        steps: snapshot.curves.train_loss?.steps ?? [],
        values: (snapshot.curves.train_loss?.values ?? []).map(value => (value ?? 0) * 2900 + 2600)
      }
    },
    epochs: {
      ...epochs,
      learning_rate: epochs.epoch?.map(() => 1e-3) ?? [],
      val_loss: loss,
      train_mae: loss.map(value => Math.sqrt(value) * 0.77),
      val_mae: loss.map((value, i) => (i === 16 ? 42.31 : Math.sqrt(value) * 0.83)),
      train_r2: loss.map(value => 1 - value / 6100),
      val_r2: loss.map(value => 1 - value / 5700)
    },
    confusion: null,
    checkpoints: snapshot.checkpoints.map(checkpoint => ({
      ...checkpoint,
      metrics: { val_mae: 42.9, val_loss: 2861.2 }
    })),
    controls: [],
    events: [{ at: snapshot.now, kind: 'completed', message: 'Completed 20 epochs in 4.4 s.', step: STEPS }],
    allowed: ['delete']
  };
}

function regressionItems(): TryItem[] {
  return Array.from({ length: 12 }, (_, index) => {
    const truth = 60 + ((index * 97) % 210);
    return {
      index: index * 5,
      truth: truth.toFixed(0),
      prediction: (truth + 38 * Math.sin(index * 2.1)).toFixed(1),
      correct: null,
      confidence: null,
      probabilities: null,
      image: null,
      features: Array.from({ length: 10 }, (__, i) => 0.1 * Math.sin(index + i))
    };
  });
}

function rows(): Snapshot {
  const snapshot = ended('completed', STEPS);
  const matrix = [
    [12, 0, 0],
    [1, 12, 1],
    [0, 0, 10]
  ];
  return {
    ...snapshot,
    run: { ...snapshot.run, id: 'W3', name: 'wine-mlp' },
    confusion: { epoch: EPOCHS, labels: ['class_0', 'class_1', 'class_2'], matrix }
  };
}

function rowItems(): TryItem[] {
  return Array.from({ length: 12 }, (_, index) => {
    const truth = index % 3;
    const prediction = index === 4 ? 2 : truth;
    const confidence = 0.99 - 0.37 * Math.abs(Math.sin(index));
    const rest = (1 - confidence) / 2;
    return {
      index: index * 3,
      truth: `class_${truth}`,
      prediction: `class_${prediction}`,
      correct: truth === prediction,
      confidence,
      probabilities: [0, 1, 2].map(i => (i === prediction ? confidence : rest)),
      image: null,
      features: [13.2 + index / 7, 1.78, 2.14, 11.2, 100, 2.65, 2.76, 0.26, 1.28, 4.38, 1.05, 3.4, 1050]
    };
  });
}

function many(classes: number): Snapshot {
  const snapshot = at(HALF);
  const matrix = Array.from({ length: classes }, (_, i) =>
    Array.from({ length: classes }, (__, j) => {
      const near = Math.exp(-(((i - j + 7 * ((i * j) % 3)) / 4) ** 2));
      return i === j ? 40 + ((i * 13) % 11) : Math.floor(6 * near * (((i * 31 + j * 17) % 10) / 10));
    })
  );
  const labels = Array.from({ length: classes }, (_, i) =>
    i % 9 === 4 ? `a rather long class name ${i}` : `class ${i}`
  );
  return { ...snapshot, confusion: { epoch: 12, labels, matrix } };
}

function longNames(): Snapshot {
  const snapshot = at(HALF);
  return {
    ...snapshot,
    run: {
      ...snapshot.run,
      name: 'resnet-50-imagenet-subset-mixup-cutmix-label-smoothing-0.1-cosine-warmup-5-ema-0.9999-<b>try</b>-seed-3',
      device: 'cuda:0 NVIDIA H200',
      notices: [
        'Training is not exact to the bit on this device: atomic additions in scatter_add have no fixed order.'
      ]
    },
    monitor: 'val_mean_average_precision_50_95',
    best: { metric: 'val_mean_average_precision_50_95', mode: 'max', value: 0.41873, epoch: 12, step: 1080 },
    epochs: {
      ...pick(snapshot, ['epoch', 'step', 'train_loss', 'val_loss']),
      train_mean_average_precision_50_95: (snapshot.epochs.train_accuracy ?? []).map(
        value => (value ?? 0) * 0.44
      ),
      val_mean_average_precision_50_95: (snapshot.epochs.val_accuracy ?? []).map(value => (value ?? 0) * 0.42)
    }
  };
}

function broken(): Snapshot {
  const snapshot = at(HALF);
  const curve = snapshot.curves.train_loss ?? { steps: [], values: [] };
  const values = curve.values.map((value, i) =>
    (i > 700 && i < 760) || i % 311 === 300
      ? null
      : (value ?? 0) * (i > 600 && i < 700 ? 1 + (i - 600) / 9 : 1)
  );
  return {
    ...snapshot,
    curves: { train_loss: { ...curve, values } },
    epochs: {
      ...snapshot.epochs,
      val_loss: (snapshot.epochs.val_loss ?? []).map((value, i) => (i === 7 ? null : value))
    },
    events: [
      {
        at: snapshot.now,
        kind: 'non_finite',
        message: 'The loss was not finite at step 702; the step was skipped.',
        step: 702
      },
      ...snapshot.events
    ]
  };
}

function manyMetrics(): Snapshot {
  const snapshot = at(STEPS - 40);
  const accuracy = snapshot.epochs.val_accuracy ?? [];
  const bent = (power: number) => accuracy.map(value => (value ?? 0) ** power);
  return {
    ...snapshot,
    epochs: {
      ...snapshot.epochs,
      train_precision: bent(1.4),
      val_precision: bent(1.7),
      train_recall: bent(2),
      val_recall: bent(2.6)
    }
  };
}

function slow(): Snapshot {
  const snapshot = at(HALF);
  return {
    ...snapshot,
    progress: {
      ...snapshot.progress,
      steps_per_second: 0.42,
      seconds_left: 5400,
      train_seconds: 86_000,
      phase: 'validating'
    },
    now: new Date(START + 86_400_000).toISOString(),
    events: [
      { at: time(10), kind: 'epoch', message: 'Epoch 12: val_loss 0.0721, val_accuracy 0.9778.', step: 1080 }
    ]
  };
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

function pick(snapshot: Snapshot, names: string[]): Snapshot['epochs'] {
  return Object.fromEntries(names.map(name => [name, snapshot.epochs[name] ?? []]));
}
