import type { Question, Snapshot } from '../src/contract';
import type { Evaluation, Examples, Item, Line, PackedMatrices, Summary } from '../src/insight/model/answers';
import { pictureOf, shapesOf } from './made-pictures';

type Answers = Partial<Record<Question, (args: Record<string, unknown>) => unknown>>;

/** The same for the same numbers, between 0 and 1. */
export function chance(...seeds: number[]): number {
  let hash = 2166136261;
  for (const seed of seeds) {
    hash = Math.imul(hash ^ (seed + 0x9e3779b9), 16777619);
    hash ^= hash >>> 15;
  }
  return ((hash >>> 0) % 100_003) / 100_003;
}

/** How well a model does after so many epochs. */
function skill(epoch: number): number {
  return 1 - 0.72 * Math.exp(-epoch / 9) - 0.02;
}

/** What a single example is, and what it is taken for at an epoch: the same answer each time it is asked. */
function judged(index: number, epoch: number, classes: number) {
  const truth = Math.floor(chance(index, 1) * classes);
  const hard = chance(index, 2);
  const correct = hard < skill(epoch);
  const off = 1 + Math.floor(3 * chance(index, 3, Math.floor(epoch / 3)));
  const prediction = correct ? truth : (truth + off) % classes;
  const sure = correct ? 1 - 0.5 * hard ** 2 : 0.35 + 0.5 * chance(index, 4);
  return { truth, prediction, correct, confidence: sure, loss: -Math.log(correct ? sure : 1 - sure) };
}

/** A classifier's validations: as many epochs and classes as one likes. */
export function madeClasses(options: {
  labels: string[];
  epochs: number;
  kept: number;
  all: number;
  pictures: boolean;
}): Answers {
  const { labels, epochs, kept, all, pictures } = options;
  const size = labels.length;
  const validated = Array.from({ length: epochs }, (_, i) => i + 1);
  const counts = (epoch: number) => {
    const matrix = new Int32Array(size * size);
    for (let index = 0; index < kept; index++) {
      const { truth, prediction } = judged(index, epoch, size);
      const at = truth * size + prediction;
      matrix[at] = (matrix[at] ?? 0) + Math.max(1, Math.round(all / kept));
    }
    return matrix;
  };
  return {
    evaluation: args => classEvaluation(Number(args.epoch ?? epochs), labels, validated, counts, options),
    confusions: async args => {
      const after = Number(args.after ?? 0);
      const chosen = validated.filter(epoch => epoch > after).slice(0, Number(args.limit ?? 50));
      const packed = new Int32Array(chosen.length * size * size);
      chosen.forEach((epoch, i) => {
        packed.set(counts(epoch), i * size * size);
      });
      return { labels, epochs: chosen, size, counts: await deflated(packed) } satisfies PackedMatrices;
    },
    examples: args => {
      const epoch = Number(args.epoch ?? epochs);
      const found = Array.from({ length: kept }, (_, index) => ({ index, ...judged(index, epoch, size) }))
        .filter(({ truth }) => args.truth == null || truth === args.truth)
        .filter(({ prediction }) => args.predicted == null || prediction === args.predicted)
        .filter(({ correct }) => args.correct == null || correct === args.correct);
      const sort = String(args.sort ?? 'index');
      const key = sort.replace('-', '') as 'index' | 'confidence' | 'loss';
      found.sort((a, b) => (sort.startsWith('-') ? b[key] - a[key] : a[key] - b[key]));
      const offset = Number(args.offset ?? 0);
      const items = found.slice(offset, offset + Number(args.count ?? 48)).map(
        ({ index, truth, prediction, correct, confidence, loss }): Item => ({
          ...NOTHING,
          index: Math.round((index * all) / kept),
          truth: labels[truth] ?? '',
          prediction: labels[prediction] ?? '',
          truth_class: truth,
          prediction_class: prediction,
          confidence,
          loss,
          correct,
          top: [
            { class: prediction, label: labels[prediction] ?? '', confidence },
            {
              class: (prediction + 1) % size,
              label: labels[(prediction + 1) % size] ?? '',
              confidence: (1 - confidence) * 0.7
            },
            {
              class: (prediction + 2) % size,
              label: labels[(prediction + 2) % size] ?? '',
              confidence: (1 - confidence) * 0.2
            }
          ],
          image: pictures ? pictureOf(labels[truth] ?? '', index) : null
        })
      );
      return answered(epoch, 'classification', labels, found.length, kept, all, items);
    }
  };
}

const NOTHING: Item = {
  index: 0,
  truth: null,
  prediction: null,
  truth_class: null,
  prediction_class: null,
  confidence: null,
  loss: null,
  correct: null,
  score: null,
  top: null,
  image: null,
  features: null,
  mask: null,
  true_mask: null,
  boxes: null,
  true_boxes: null,
  size: null
};

function answered(
  epoch: number,
  task: Examples['task'],
  labels: string[],
  total: number,
  kept: number,
  all: number,
  items: Item[]
): Examples {
  return { epoch, task, labels, total, kept, count_of_set: all, items };
}

function classEvaluation(
  epoch: number,
  labels: string[],
  epochs: number[],
  counts: (epoch: number) => Int32Array,
  { all, kept, pictures: _ }: { all: number; kept: number; pictures: boolean }
): Evaluation {
  const size = labels.length;
  const matrix = counts(epoch);
  const sum = (from: (i: number) => number) =>
    Array.from({ length: size }, (_x, i) => from(i)).reduce((a, b) => a + b, 0);
  const classes = labels.map((label, i) => {
    const right = matrix[i * size + i] ?? 0;
    const support = sum(j => matrix[i * size + j] ?? 0);
    const predicted = sum(j => matrix[j * size + i] ?? 0);
    const [precision, recall] = [right / Math.max(1, predicted), right / Math.max(1, support)];
    const f1 = (2 * precision * recall) / Math.max(1e-9, precision + recall);
    return {
      label,
      support,
      predicted,
      precision,
      recall,
      f1,
      auc: 0.5 + recall / 2,
      ap: (recall + precision) / 2
    };
  });
  const accuracy =
    sum(i => matrix[i * size + i] ?? 0) /
    Math.max(
      1,
      sum(i => classes[i]?.support ?? 0)
    );
  const mean = (name: 'precision' | 'recall' | 'f1' | 'auc' | 'ap') =>
    sum(i => classes[i]?.[name] ?? 0) / size;
  const macro = { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') };
  const bend = (quality: number): Line => {
    const x = Array.from({ length: 60 }, (_x, i) => (i / 59) ** 2);
    return { x, y: x.map(value => value ** Math.max(0.02, 1 - quality)) };
  };
  const roc = Object.fromEntries(
    [...classes.slice(0, 20).entries()].map(([i, { recall }]) => [String(i), bend(recall)])
  );
  const pr = Object.fromEntries(
    [...classes.slice(0, 20).entries()].map(([i, { precision }]) => {
      const x = Array.from({ length: 50 }, (_x, k) => k / 49);
      return [String(i), { x, y: x.map(recall => 1 - (1 - precision) * recall ** 4 * 2) }];
    })
  );
  const bins = Array.from({ length: 15 }, (_x, i) => i);
  const summary: Summary = {
    task: 'classification',
    count: all,
    sampled: kept,
    notes: labels.includes('lynx')
      ? ['No example of lynx is in the validation set: its recall and its curves are not defined.']
      : [],
    overall: {
      accuracy,
      top5: Math.min(1, accuracy + 0.04),
      macro,
      micro: { precision: accuracy, recall: accuracy, f1: accuracy },
      weighted: macro,
      auc_macro: mean('auc'),
      ap_macro: mean('ap'),
      ece: 0.0312
    },
    classes,
    roc: { macro: bend(macro.recall), ...roc },
    pr,
    calibration: {
      confidence: bins.map(i => (i < 3 ? null : (i + 0.5) / 15)),
      accuracy: bins.map(i => (i < 3 ? null : Math.min(1, ((i + 0.5) / 15) ** 1.25 + 0.03 * Math.sin(i)))),
      count: bins.map(i => (i < 3 ? 0 : Math.round(all * 0.002 * 1.5 ** i)))
    }
  };
  return { epoch, step: epoch * 90, epochs, labels, summary, has_examples: true };
}

async function deflated(counts: Int32Array<ArrayBuffer>): Promise<string> {
  const stream = new Blob([counts]).stream().pipeThrough(new CompressionStream('deflate'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 4096) {
    text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  }
  return btoa(text);
}

const FEATURES = ['age', 'sex', 'bmi', 'bp', 's1', 's2', 's3', 's4', 's5', 's6'];

/** A regression's validations. */
export function madeNumbers(epochs: number): Answers {
  const size = 133;
  const one = (index: number, epoch: number) => {
    const truth = 40 + 300 * chance(index, 11) ** 1.3;
    const prediction =
      truth + (150 * (1 - skill(epoch)) + 18) * 2 * (chance(index, 12) + chance(index, 13) - 1);
    return { truth, prediction, loss: (truth - prediction) ** 2 };
  };
  return {
    evaluation: args => {
      const epoch = Number(args.epoch ?? epochs);
      const edges = Array.from({ length: 65 }, (_, i) => -120 + (240 * i) / 64);
      const counts = new Array<number>(64).fill(0);
      for (let i = 0; i < size; i++) {
        const { truth, prediction } = one(i, epoch);
        const at = Math.min(63, Math.max(0, Math.floor(((prediction - truth + 120) / 240) * 64)));
        counts[at] = (counts[at] ?? 0) + 1;
      }
      const summary: Summary = {
        task: 'regression',
        count: size,
        sampled: size,
        notes: [],
        overall: { mae: 41.2 / skill(epoch), rmse: 52.9 / skill(epoch), r2: skill(epoch) - 0.45 },
        outputs: [{ mae: 41.2, rmse: 52.9, r2: 0.47, mean_residual: -1.3 }],
        residuals: { edges, counts }
      };
      const validated = Array.from({ length: epochs }, (_, i) => i + 1);
      return {
        epoch,
        step: epoch * 20,
        epochs: validated,
        labels: [],
        summary,
        has_examples: true
      } satisfies Evaluation;
    },
    examples: args => {
      const epoch = Number(args.epoch ?? epochs);
      const found = Array.from({ length: size }, (_, index) => ({ index, ...one(index, epoch) }));
      if (args.sort === '-loss' || args.sort === 'loss') {
        found.sort((a, b) => (args.sort === 'loss' ? a.loss - b.loss : b.loss - a.loss));
      }
      const offset = Number(args.offset ?? 0);
      const items = found.slice(offset, offset + Number(args.count ?? 48)).map(
        ({ index, truth, prediction, loss }): Item => ({
          ...NOTHING,
          index,
          truth: truth.toFixed(1),
          prediction: prediction.toFixed(1),
          loss,
          features: FEATURES.map((_, i) => 0.1 * Math.sin(index * 1.7 + i))
        })
      );
      return { ...answered(epoch, 'regression', [], size, size, size, items), feature_names: FEATURES };
    }
  };
}

const SHAPES = ['background', 'circle', 'square', 'triangle'];

/** What is found in drawn shapes: masks or boxes. */
export function madeShapes(task: 'segmentation' | 'detection', epochs: number): Answers {
  const labels = task === 'segmentation' ? SHAPES : SHAPES.slice(1);
  const size = 64;
  return {
    evaluation: args => {
      const epoch = Number(args.epoch ?? epochs);
      const quality = skill(epoch);
      const validated = Array.from({ length: epochs }, (_, i) => i + 1);
      const common = { count: size, sampled: size, notes: [] };
      const scores = labels.map((label, i) => ({ label, support: 40 + 7 * i, value: quality - 0.07 * i }));
      const summary: Summary =
        task === 'segmentation'
          ? {
              ...common,
              task,
              overall: {
                mean_iou: quality - 0.1,
                dice: quality - 0.04,
                pixel_accuracy: quality,
                boundary_f1: quality - 0.2
              },
              classes: scores.map(({ label, support, value }) => ({
                label,
                support,
                iou: value,
                dice: value + 0.03
              }))
            }
          : {
              ...common,
              task,
              overall: { map: quality - 0.3, map50: quality - 0.02, map75: quality - 0.2 },
              classes: scores.map(({ label, support, value }) => ({
                label,
                support,
                ap: value - 0.25,
                ap50: value
              })),
              pr: Object.fromEntries(
                labels.map((_, i) => {
                  const x = Array.from({ length: 101 }, (_x, k) => k / 100);
                  return [
                    String(i),
                    { x, y: x.map(recall => (recall > quality ? 0 : 1 - 0.3 * recall ** 6 - 0.03 * i)) }
                  ];
                })
              ),
              iou: {
                edges: Array.from({ length: 21 }, (_, i) => i / 20),
                counts: Array.from({ length: 20 }, (_, i) =>
                  Math.round(90 * Math.exp(-(((i - 16) / 3.5) ** 2)))
                )
              }
            };
      return {
        epoch,
        step: epoch * 16,
        epochs: validated,
        labels,
        summary,
        has_examples: true
      } satisfies Evaluation;
    },
    examples: args => {
      const epoch = Number(args.epoch ?? epochs);
      const offset = Number(args.offset ?? 0);
      const number = Math.min(Number(args.count ?? 48), size - offset);
      const items = Array.from({ length: Math.max(0, number) }, (_, i): Item => {
        const index = offset + i;
        return {
          ...NOTHING,
          index,
          loss: 1 - skill(epoch) + 0.1 * chance(index, 7),
          score: skill(epoch) - 0.1 * chance(index, 8),
          ...shapesOf(index, task, 1 - skill(epoch))
        };
      });
      return answered(epoch, task, labels, size, size, size, items);
    }
  };
}

/** A snapshot that tells of so many validated epochs. */
export function validated(snapshot: Snapshot, epochs: number): Snapshot {
  return {
    ...snapshot,
    epochs: { ...snapshot.epochs, epoch: Array.from({ length: epochs }, (_, i) => i + 1) }
  };
}
