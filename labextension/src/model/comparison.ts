import type { RunColour } from '../charts/colours';
import type { Line, Picture } from '../charts/line-chart';
import type { Horizontal } from '../charts/pictures';
import type { Curves, Snapshot } from '../contract';
import { EpochScale, type Range, roomFor } from './axis';
import { type Role, type Series, families, inOrder, nearest, refine } from './families';
import { isAlive } from './situation';

export type Unit = 'step' | 'epoch' | 'time';
export type Which = 'validation' | 'train' | 'both';

/** A run on the charts. */
export interface Shown {
  id: string;
  colour: RunColour;
  snapshot: Snapshot;
  /** The window that is shown, read more finely. */
  fine: Curves | null;
}

/** A run on the chart of one metric. */
export interface ShownSeries {
  run: Shown;
  series: Series[];
  horizontal: Horizontal;
}

export interface MetricChart {
  name: string;
  runs: ShownSeries[];
}

/** In which unit training times are best told. */
export interface TimeUnit {
  name: 's' | 'min' | 'h';
  seconds: number;
}

export function timeUnit(runs: Shown[]): TimeUnit {
  const longest = Math.max(0, ...runs.map(({ snapshot }) => snapshot.progress.train_seconds));
  return longest < 180
    ? { name: 's', seconds: 1 }
    : longest < 180 * 60
      ? { name: 'min', seconds: 60 }
      : { name: 'h', seconds: 3600 };
}

/**
 * Where a run's steps lie on the axis; `null` where that isn't known (yet). No time is kept with a step, so times are
 * those at the run's mean speed; pauses don't count.
 */
export function horizontalOf({ epochs, progress }: Snapshot, unit: Unit, time: TimeUnit): Horizontal | null {
  if (unit === 'step') {
    return { toX: step => step, toStep: x => x };
  }
  if (unit === 'epoch') {
    const scale = new EpochScale(epochs.step ?? [], epochs.epoch ?? [], progress.steps_per_epoch);
    return scale.known ? { toX: step => scale.toEpoch(step), toStep: epoch => scale.toStep(epoch) } : null;
  }
  const each = progress.step > 0 ? progress.train_seconds / progress.step / time.seconds : 0;
  return each > 0 ? { toX: step => step * each, toStep: x => x / each } : null;
}

/** Sorts what the runs measured into one chart a metric. */
export function metricCharts(runs: Shown[], which: Which, unit: Unit, time: TimeUnit): MetricChart[] {
  const charts = new Map<string, ShownSeries[]>();
  for (const run of runs) {
    const { curves, epochs, monitor } = run.snapshot;
    const horizontal = horizontalOf(run.snapshot, unit, time);
    for (const { name, series } of families(refine(curves, run.fine), epochs, monitor)) {
      const wanted = chosen(series, which);
      charts.set(name, [
        ...(charts.get(name) ?? []),
        ...(horizontal === null || wanted.length === 0 ? [] : [{ run, series: wanted, horizontal }])
      ]);
    }
  }
  const all = [...charts].map(([name, found]) => ({ name, runs: found }));
  return inOrder(
    all.filter(chart => chart.runs.length > 0),
    runs[0]?.snapshot.monitor ?? null
  );
}

/** The wanted curves of a metric, or those there are. */
function chosen(series: Series[], which: Which): Series[] {
  const of = (role: Role) => series.filter(other => other.role === role);
  const [one, other] = which === 'train' ? [of('train'), of('validation')] : [of('validation'), of('train')];
  return which === 'both' || (one.length === 0 && other.length === 0) ? series : one.length > 0 ? one : other;
}

/** The axis on which all of the runs have room. */
export function wholeRange(runs: Shown[], unit: Unit, time: TimeUnit): Range {
  const ends = runs.map(({ snapshot }) => {
    const { step, steps } = snapshot.progress;
    const end = isAlive(snapshot.run) ? roomFor(step, steps) : step;
    return horizontalOf(snapshot, unit, time)?.toX(end) ?? 0;
  });
  const end = Math.max(0, ...ends);
  return [0, end > 0 ? end : 1];
}

/** Dashes of runs that share a colour: the first is drawn solid. */
const DASHES = [undefined, [9, 4], [2, 3], [9, 3, 2, 3]];

export function dashOf({ round }: RunColour): number[] | undefined {
  return DASHES[round % DASHES.length];
}

/** What the chart of a metric shows. */
export function pictureOfChart(
  { name, runs }: MetricChart,
  settings: { x: Range; log: boolean; smoothing: number }
): Picture {
  const lines = runs.flatMap(({ run, series, horizontal }) =>
    series.map(({ role, perStep, steps, values }): Line => {
      const dash = dashOf(run.colour);
      return {
        role,
        colour: run.colour.css,
        dense: perStep,
        x: steps.map(step => horizontal.toX(step)),
        y: values,
        ...(dash === undefined ? {} : { dash })
      };
    })
  );
  const best = runs.flatMap(({ run, series, horizontal }) => {
    const point = run.snapshot.best;
    return point !== null && series.some(other => other.name === point.metric)
      ? [{ x: horizontal.toX(point.step), y: point.value, colour: run.colour.css }]
      : [];
  });
  return {
    lines,
    x: settings.x,
    log: settings.log,
    // A rate is set, not measured: smoothed it would be wrong.
    smoothing: name === 'learning_rate' ? 0 : settings.smoothing / 100,
    marks: { best, changes: [], broken: [] }
  };
}

/**
 * The value of a series under the pointer; `undefined` where it has none there.
 *
 * @param reach how far from its first and last point it still counts, in steps
 */
export function valueAt({ steps, values }: Series, step: number, reach: number): number | null | undefined {
  const index = nearest(steps, step);
  const at = steps[index];
  const inside = step >= (steps[0] ?? 0) - reach && step <= (steps.at(-1) ?? 0) + reach;
  return at === undefined || !inside ? undefined : values[index];
}

/** Ids of the runs whose best value no other run surpasses, among those that monitor the same metric. */
export function leaders(snapshots: Snapshot[]): Set<string> {
  const leading = new Set<string>();
  for (const { run, best } of snapshots) {
    const rivals = snapshots.flatMap(other =>
      best !== null && other.best?.metric === best.metric ? [other.best.value] : []
    );
    const top = best?.mode === 'min' ? Math.min(...rivals) : Math.max(...rivals);
    if (best !== null && rivals.length > 1 && best.value === top) {
      leading.add(run.id);
    }
  }
  return leading;
}
