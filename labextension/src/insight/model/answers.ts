/** What is answered to the questions of the evaluation's views; what couldn't be computed is `null`. */

import type { Task } from '../../contract';

export interface Line {
  x: (number | null)[];
  y: (number | null)[];
}

export interface Bins {
  /** One more than there are counts. */
  edges: number[];
  counts: number[];
}

/** A row of a per-class table: `label` and `support`, and what the task measures. */
export interface ClassScores {
  label: string;
  /** Its index, where not every class is told of. */
  class?: number;
  support: number;
  [score: string]: number | string | null | undefined;
}

type Numbers = { [name: string]: number | null | Numbers };

export interface Summary {
  task: Task;
  /** Examples that were judged, and of how many single results are kept. */
  count: number;
  sampled: number;
  notes: string[];
  /** Missing, as all below, where nothing could be measured; then the notes say why. */
  overall?: Numbers;
  classes?: ClassScores[];
  /** By class index, and `macro`: false against true positives. */
  roc?: Record<string, Line>;
  /** By class index: recall against precision. */
  pr?: Record<string, Line>;
  calibration?: { confidence: (number | null)[]; accuracy: (number | null)[]; count: number[] };
  outputs?: Record<string, number | null>[];
  residuals?: Bins;
  /** Overlap of what was found with what is there. */
  iou?: Bins;
}

export interface Evaluation {
  epoch: number | null;
  step: number | null;
  /** Every epoch that was validated, oldest first. */
  epochs: number[];
  labels: string[];
  summary: Summary | null;
  has_examples: boolean;
}

export interface PackedMatrices {
  labels: string[];
  epochs: number[];
  /** Classes a side. */
  size: number;
  /** Base64 of zlib of 32-bit integers, epoch by epoch, row by row. */
  counts: string;
}

/** `x0, y0, x1, y1, score, class`; of a true one without `score`. */
export type Box = number[];

export interface Item {
  index: number;
  /** In words, where there are any: a mask has none. */
  truth: string | null;
  prediction: string | null;
  truth_class: number | null;
  prediction_class: number | null;
  confidence: number | null;
  loss: number | null;
  correct: boolean | null;
  score: number | null;
  top: { class: number; label: string; confidence: number }[] | null;
  /** Pictures are addresses that hold them; masks have one class id a pixel. */
  image: string | null;
  features: (number | null)[] | null;
  mask: string | null;
  true_mask: string | null;
  boxes: Box[] | null;
  true_boxes: Box[] | null;
  /** Height and width that boxes count in. */
  size: [number, number] | null;
}

export interface Examples {
  epoch: number | null;
  task: Task;
  labels: string[];
  /** How many the filter lets through, how many are kept, and of how many they were drawn. */
  total: number;
  kept: number;
  count_of_set: number;
  /** Names of the features, where the examples are rows. */
  feature_names?: string[] | null;
  items: Item[];
}

export interface Heatmaps {
  items: { index: number; heatmap: string }[];
}
