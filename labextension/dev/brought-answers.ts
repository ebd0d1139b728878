import type { Computation, Question, TryItem } from '../src/contract';
import { madeClasses } from './made-evaluation';
import { EXAMPLES, STEPS_PER_EPOCH } from './recording';

type Answer = (args: Record<string, unknown>) => unknown;

/** A grey picture of numbers between 0 and 1, as an address that holds it. */
export function pictureOf(rows: number[][]): string {
  const sheet = document.createElement('canvas');
  sheet.width = rows[0]?.length ?? 1;
  sheet.height = rows.length;
  const context = sheet.getContext('2d');
  const pixels = context?.createImageData(sheet.width, sheet.height);
  if (context == null || pixels === undefined) {
    return '';
  }
  rows.flat().forEach((grey, i) => {
    pixels.data.set([grey * 255, grey * 255, grey * 255, 255], 4 * i);
  });
  context.putImageData(pixels, 0, 0);
  return sheet.toDataURL();
}

const DIGEST = 'sha256:7be02a91c44f0d1b6a';

const topOf = ({ probabilities }: TryItem) =>
  (probabilities ?? [])
    .map((confidence, index) => ({ class: index, label: String(index), confidence }))
    .sort((a, b) => b.confidence - a.confidence)
    .slice(0, 5);

const glow = (seed: number) =>
  Array.from({ length: 8 }, (_, y) =>
    Array.from({ length: 8 }, (__, x) => Math.exp(-((x - 3 - (seed % 3)) ** 2 + (y - 4) ** 2) / 6))
  );

const PAGE = { step: 12 * STEPS_PER_EPOCH, epoch: 12 };

function predicted(items: TryItem[], names: string[], heatmaps: boolean, notes: string[]) {
  return {
    task: 'classification',
    predictions: items.map(({ prediction }) => prediction),
    probabilities: null,
    labels: [...'0123456789'],
    top: items.map(topOf),
    checkpoint: PAGE,
    digest: DIGEST,
    latency_ms: 0.8 + 0.3 * items.length,
    names,
    notes,
    thumbnails: items.map(({ image }) => (image === null ? null : pictureOf(image))),
    heatmaps: heatmaps ? items.map((_, i) => pictureOf(glow(i))) : null
  };
}

const item = (i: number) => EXAMPLES[i % EXAMPLES.length] as TryItem;

const TESTS = [
  test(4, 'validation', 12, 360, 0.9833, 0.0588),
  test(3, 'shifted-digits', 12, 1797, 0.8414, 0.612),
  test(1, 'validation', 4, 360, 0.9611, 0.1432)
];

function test(number: number, name: string, epoch: number, count: number, accuracy: number, loss: number) {
  return {
    number,
    name,
    created_at: `2026-03-14T09:2${number}:10Z`,
    checkpoint: { step: epoch * STEPS_PER_EPOCH, epoch },
    digest: DIGEST,
    count,
    seconds: count / 4100,
    metrics: { accuracy, loss, f1: accuracy - 0.004 }
  };
}

const matrix = (right: number, seed: number) =>
  Array.from({ length: 10 }, (_, i) =>
    Array.from({ length: 10 }, (__, j) =>
      i === j ? right - ((i * 7 + seed) % 5) : (i * 31 + j * 17 + seed * 5) % 23 === 0 ? 2 + (seed % 2) : 0
    )
  );

const LAYERS = [
  ['model/conv1', 'Conv2d', [1, 8, 8], [16, 8, 8], 160, 160, 18432, 0.041],
  ['model/bn1', 'BatchNorm2d', [16, 8, 8], [16, 8, 8], 32, 32, 2048, 0.018],
  ['model/conv2', 'Conv2d', [16, 8, 8], [32, 8, 8], 4640, 4640, 589824, 0.112],
  ['model/pool', 'MaxPool2d', [32, 8, 8], [32, 4, 4], 0, 0, null, 0.02],
  ['model/hidden', 'Linear', [512], [64], 32832, 32832, 65536, 0.03],
  ['model/dropout', 'Dropout', [64], [64], 0, 0, null, 0.004],
  ['model/head', 'Linear', [64], [10], 650, 650, 1280, 0.009]
] as const;

const EPOCHS_SEEN = Array.from({ length: 20 }, (_, i) => i + 1);

/** Values that spread out while it learns. */
function histograms(kind: string) {
  const width = kind === 'gradients' ? 0.02 : kind === 'activations' ? 3 : 0.4;
  const spread = (epoch: number) =>
    kind === 'gradients' ? width * (1.1 - epoch / 22) : width * (0.5 + epoch / 40);
  return {
    kind,
    epochs: EPOCHS_SEEN,
    edges: EPOCHS_SEEN.map(epoch => Array.from({ length: 33 }, (_, i) => (i / 16 - 1) * spread(epoch) * 2)),
    counts: EPOCHS_SEEN.map(epoch =>
      Array.from({ length: 32 }, (_, i) =>
        Math.round(900 * Math.exp(-(((i - 15.5 - epoch / 9) / 6) ** 2)) * (1 + 0.1 * Math.sin(i * epoch)))
      )
    )
  };
}

const CHANGED = {
  better: 9,
  worse: 3,
  items: EXAMPLES.slice(0, 12).map((example, i) => {
    const worse = i % 4 === 3;
    const other = String((Number(example.truth) + 3) % 10);
    return {
      ...example,
      image: example.image === null ? null : pictureOf(example.image),
      features: null,
      correct: !worse,
      side: worse ? 'worse' : 'better',
      loss: 0.1,
      prediction: worse ? other : example.truth,
      confidence: 0.94 - i / 40,
      before: {
        prediction: worse ? example.truth : other,
        confidence: 0.41 + i / 50,
        correct: worse,
        loss: 0.9
      }
    };
  })
};

/** What is read of a run that was tried, tested and looked into. */
export const BROUGHT: Partial<Record<Question, Answer>> = {
  ...madeClasses({ labels: [...'0123456789'], epochs: 20, kept: 360, all: 360, pictures: true }),
  tests: ({ number }) =>
    number === undefined
      ? { tests: TESTS }
      : {
          ...TESTS.find(other => other.number === number),
          labels: [...'0123456789'],
          confusion: matrix(35, Number(number)),
          summary: {
            task: 'classification',
            count: 360,
            sampled: 360,
            notes: [],
            overall: { top5: 0.9972, macro: { precision: 0.983, recall: 0.982 } }
          }
        },
  changed: () => CHANGED,
  analysis: () => ({
    layers: LAYERS.map(([name, type, input_shape, output_shape, parameters, trainable, flops, ms]) => ({
      name,
      type,
      input_shape,
      output_shape,
      parameters,
      trainable,
      flops,
      milliseconds: ms
    })),
    total: { parameters: 38314, trainable: 38314, flops: 677120, milliseconds: 0.234, samples: 16 },
    notes: [
      'FLOPs are of one sample, forward; a multiply-add counts as two.',
      'Times are medians of a few passes over 16 samples, measured once after the first epoch on the run’s device.'
    ]
  }),
  histograms: ({ kind, name }) =>
    name === undefined
      ? {
          names: {
            weights: ['model.conv1.weight', 'model.conv2.weight', 'model.hidden.weight', 'model.head.weight'],
            activations: ['model.conv1', 'model.conv2', 'model.hidden'],
            gradients: ['model.conv1.weight', 'model.conv2.weight']
          },
          note: null
        }
      : histograms(String(kind))
};

interface Sent {
  files?: { name: string; data: string }[];
  text?: string;
  heatmaps?: boolean;
}

/** What is computed with its models. */
export const COMPUTED: Partial<Record<Computation, Answer>> = {
  predict: args => {
    const { files, text, heatmaps = false } = args as Sent;
    if (text !== undefined) {
      throw new Error('text, row 1: expected 64 values a row, got 3; separate them by commas.');
    }
    if (files === undefined) {
      return predicted([item(3)], [], heatmaps, ['drawing 280×280, 1 channel: resized to 8×8']);
    }
    const bad = files.find(({ name }) => /\.(txt|exe)$/.test(name));
    if (bad !== undefined) {
      throw new Error(`${bad.name}: expected a picture, got text; this model takes images of 8×8.`);
    }
    const names = files.map(({ name }) => name);
    return predicted(
      files.map((_, i) => item(i * 3 + 1)),
      names,
      heatmaps,
      [`${names[0]}: image 640×480, 3 channels: resized to 8×8, made grey`]
    );
  },
  test: ({ data }) => test(5, String(data ?? 'validation'), 12, 360, 0.9833, 0.0588),
  delete_test: () => null
};
