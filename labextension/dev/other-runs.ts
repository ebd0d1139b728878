import type { Snapshot, TryItem } from '../src/contract';
import { EPOCHS, START, STEPS, STEPS_PER_EPOCH, at, time } from './recording';
import { HALF, ended } from './run-states';

export function regression(): Snapshot {
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

export function regressionItems(): TryItem[] {
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

export function rows(): Snapshot {
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

export function rowItems(): TryItem[] {
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

export function many(classes: number): Snapshot {
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

export function longNames(): Snapshot {
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

export function broken(): Snapshot {
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

export function manyMetrics(): Snapshot {
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

export function slow(): Snapshot {
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

/** Some columns of what epochs said. */
function pick(snapshot: Snapshot, names: string[]): Snapshot['epochs'] {
  return Object.fromEntries(names.map(name => [name, snapshot.epochs[name] ?? []]));
}
