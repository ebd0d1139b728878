import type { Best, Control } from '../contract';
import type { EpochScale, Range } from '../model/axis';
import type { Family } from '../model/families';
import type { Picture } from './line-chart';

export type Unit = 'step' | 'epoch';

/** The horizontal axis: steps, or epochs where those are known. */
export interface Horizontal {
  toX(step: number): number;
  toStep(x: number): number;
}

/** A change of the learning rate by hand. */
export interface RateChange {
  step: number;
  rate: number;
  by: string;
}

export interface Settings {
  horizontal: Horizontal;
  /** The steps shown. */
  from: number;
  to: number;
  log: boolean;
  /** Width of the moving average in percent of the axis. */
  smoothing: number;
}

export function horizontalAxis(unit: Unit, scale: EpochScale): Horizontal {
  return unit === 'epoch'
    ? { toX: step => scale.toEpoch(step), toStep: epoch => scale.toStep(epoch) }
    : { toX: step => step, toStep: x => x };
}

/** What the chart of a family shows. */
export function pictureOf(
  { name, series }: Family,
  { horizontal: { toX }, from, to, log, smoothing }: Settings,
  best: Best | null,
  changes: RateChange[]
): Picture {
  const x: Range = [toX(from), toX(to)];
  const marked = best !== null && series.some(other => other.name === best.metric);
  const broken = series
    .filter(({ perStep }) => perStep)
    .flatMap(({ steps, values }) => steps.filter((_, i) => values[i] === null));
  return {
    lines: series.map(({ role, perStep, steps, values }) => ({
      role,
      dense: perStep,
      x: steps.map(toX),
      y: values
    })),
    x,
    log,
    // A rate is set, not measured: smoothed it would be wrong.
    smoothing: name === 'learning_rate' ? 0 : smoothing / 100,
    marks: {
      best: marked ? [{ x: toX(best.step), y: best.value }] : [],
      changes: changes.map(({ step }) => toX(step)),
      broken: broken.map(toX)
    }
  };
}

/** Where the learning rate was set by hand, oldest first. */
export function rateChanges(controls: Control[]): RateChange[] {
  return controls
    .flatMap(({ kind, status, step, requested_by, arguments: { learning_rate } }) =>
      kind === 'set' && status === 'done' && step !== null && typeof learning_rate === 'number'
        ? [{ step, rate: learning_rate, by: requested_by }]
        : []
    )
    .sort((a, b) => a.step - b.step);
}
