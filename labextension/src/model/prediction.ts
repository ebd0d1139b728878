/** What a checkpoint says of inputs that a person brought along. */

import type { Task } from '../contract';
import { metric, percent } from './format';

export interface Guess {
  class: number;
  label: string;
  confidence: number;
}

/** The answer to `predict`: one prediction an input. */
export interface Prediction {
  task: Task;
  /** Class labels, or values; of other tasks whatever the model gives, and of several outputs each by its name. */
  predictions: unknown[];
  labels: string[] | null;
  checkpoint: { step: number; epoch: number };
  /** Of the weights that answered. */
  digest: string;
  latency_ms: number;
  /** The likeliest classes, most likely first; `null` where there are no classes. */
  top?: Guess[][] | null;
  names?: (string | null)[] | null;
  /** What became of the inputs before the model saw them. */
  notes?: string[];
  /** The inputs as the model saw them, as data URIs. */
  thumbnails?: (string | null)[] | null;
  /** Where the model looked, as grey pictures over the thumbnails. */
  heatmaps?: (string | null)[] | null;
}

/** One input and what became of it. */
export interface Answered {
  name: string;
  prediction: string;
  top: Guess[];
  thumbnail: string | null;
  heatmap: string | null;
  /** What was found in a picture, if things are found: `x0, y0, x1, y1, score, class`, in pixels. */
  boxes: number[][] | null;
  /** The class of each pixel, if pixels are told apart. */
  mask: number[][] | null;
}

/** One line an input; inputs without a name are counted from 1. */
export function answeredInputs(answer: Prediction, nameless: (number: number) => string): Answered[] {
  const labels = answer.labels ?? [];
  return answer.predictions.map((prediction, i) => {
    const top = answer.top?.[i] ?? [];
    // A run's own postprocessing may have made something else of boxes and masks.
    const rows = isRows(prediction) ? prediction : null;
    const boxes = answer.task === 'detection' ? rows : null;
    const mask = answer.task === 'segmentation' ? rows : null;
    return {
      name: answer.names?.[i] ?? nameless(i + 1),
      prediction:
        boxes !== null
          ? boxesText(boxes, labels)
          : mask !== null
            ? maskText(mask, labels)
            : (top[0]?.label ?? valueText(prediction)),
      boxes,
      mask,
      top,
      thumbnail: answer.thumbnails?.[i] ?? null,
      heatmap: answer.heatmaps?.[i] ?? null
    };
  });
}

function isRows(prediction: unknown): prediction is number[][] {
  return Array.isArray(prediction) && prediction.every(row => Array.isArray(row));
}

/** What was found, surest first: `cat 92 %, dog 61 %`. */
function boxesText(boxes: number[][], labels: string[]): string {
  const sure = [...boxes].sort((a, b) => (b[4] ?? 0) - (a[4] ?? 0));
  const shown = sure.slice(0, 6).map(box => `${labels[box[5] ?? 0] ?? box[5]} ${percent(box[4] ?? 0)}`);
  return boxes.length === 0 ? '–' : `${shown.join(', ')}${boxes.length > shown.length ? ', …' : ''}`;
}

/** How much of a picture each class has, largest first: `sky 61 %, road 30 %`. */
function maskText(mask: number[][], labels: string[]): string {
  const counts = new Map<number, number>();
  for (const pixel of mask.flat()) {
    counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  }
  const all = mask.flat().length;
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 4)
    .map(([index, times]) => `${labels[index] ?? index} ${percent(times / all)}`)
    .join(', ');
}

/** A predicted value as text: numbers to a sensible precision, several in a row. */
export function valueText(value: unknown): string {
  if (typeof value === 'number') {
    return metric(value);
  }
  if (Array.isArray(value)) {
    const shown = value.slice(0, 8).map(valueText).join(', ');
    return value.length > 8 ? `${shown}, …` : shown;
  }
  if (value !== null && typeof value === 'object') {
    return Object.entries(value)
      .map(([name, one]) => `${name} ${valueText(one)}`)
      .join(', ');
  }
  return value === null || value === undefined ? '–' : String(value);
}

/** The beginning of a digest, enough to tell two apart: `sha256:9f86d08…` is `9f86d081`. */
export function shortDigest(digest: string): string {
  return digest.replace(/^\w+:/, '').slice(0, 8);
}

/** What is less likely tells nothing. */
const LEAST = 0.001;

/** The guesses worth telling, most likely first, and the first one in any case. */
export function likely<T extends Pick<Guess, 'confidence'>>(top: T[]): T[] {
  return top.filter(({ confidence }, rank) => rank === 0 || confidence >= LEAST);
}

/** How sure it is, in words for who doesn't see the bar. */
export function guessText({ label, confidence }: Guess): string {
  return `${label} ${percent(confidence, 1)}`;
}

/** Milliseconds as people read them: `42 µs`, `0.42 ms`, `4.2 ms`, `137 ms`. */
export function milliseconds(value: number | null | undefined): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    return '–';
  }
  if (value < 0.0995) {
    return `${(1000 * value).toFixed(value < 0.00995 ? 1 : 0)} µs`;
  }
  return `${value < 1 ? value.toPrecision(2) : value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

/** What is downloaded of answers: a table with the same columns for each input. */
export function downloadColumns(
  rows: Answered[],
  guesses: number
): { columns: string[]; lines: (string | number)[][] } {
  const ranks = Array.from({ length: guesses }, (_, i) => i + 1);
  return {
    columns: ['name', 'prediction', ...ranks.flatMap(rank => [`top_${rank}`, `confidence_${rank}`])],
    lines: rows.map(({ name, prediction, top }) => [
      name,
      prediction,
      ...ranks.flatMap(rank => {
        const guess = top[rank - 1];
        return guess === undefined ? ['', ''] : [guess.label, guess.confidence];
      })
    ])
  };
}
