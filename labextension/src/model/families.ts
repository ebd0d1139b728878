import type { Curves, Snapshot } from '../contract';

export type Role = 'train' | 'validation' | 'other';

export interface Series {
  /** The name in the store: `train_loss`. */
  name: string;
  role: Role;
  steps: number[];
  values: (number | null)[];
  /** Whether it has a value a step (and can be read more finely) or one an epoch. */
  perStep: boolean;
}

/** The series that belong on one chart: a metric while training and in validation. */
export interface Family {
  name: string;
  series: Series[];
}

const NOT_METRICS = new Set(['epoch', 'step', 'learning_rate']);
const PREFIXES: [string, Role][] = [
  ['train_', 'train'],
  ['val_', 'validation']
];

/** Splits `val_accuracy` into the metric and where it was measured. */
export function split(name: string): { family: string; role: Role } {
  for (const [prefix, role] of PREFIXES) {
    if (name.startsWith(prefix) && name.length > prefix.length) {
      return { family: name.slice(prefix.length), role };
    }
  }
  return { family: name, role: 'other' };
}

/** What a chart is called: a metric as it is, how busy the machine was with its unit. */
export function title(name: string): string {
  const [, machine] = name.split('system/');
  const known = machine
    ?.replace(/.pu/, kind => kind.toUpperCase())
    .replace('percent', '(%)')
    .replace('gb', '(GB)');
  return (known ?? name).replaceAll('_', ' ');
}

/**
 * Sorts what a run measured into charts: the loss first, then the monitored metric, then the others in the
 * order they are recorded, the learning rate if it ever changed, and last how busy the machine was. A per-step
 * series replaces the per-epoch one of the same name.
 */
export function families(curves: Curves, epochs: Snapshot['epochs'], monitor: string | null): Family[] {
  const found = new Map<string, Series[]>();
  const add = (series: Series, family: string) => found.set(family, [...(found.get(family) ?? []), series]);

  for (const [name, { steps, values }] of Object.entries(curves)) {
    const { family, role } = split(name);
    add({ name, role, steps, values, perStep: true }, family);
  }
  const steps = rowSteps(epochs);
  for (const [name, column] of Object.entries(epochs)) {
    if (NOT_METRICS.has(name) || name in curves || column.every(value => value === null)) {
      continue;
    }
    const { family, role } = split(name);
    add({ name, role, steps, values: column, perStep: false }, family);
  }
  const rates = epochs.learning_rate ?? [];
  if (new Set(rates).size > 1 && !found.has('learning_rate')) {
    // A rate holds for its whole epoch: two points each, so that it is drawn as steps.
    const corners = steps.flatMap((end, i) => [(steps[i - 1] ?? 0) + 1, end]);
    const held = rates.flatMap(rate => [rate, rate]);
    add(
      { name: 'learning_rate', role: 'other', steps: corners, values: held, perStep: false },
      'learning_rate'
    );
  }

  return inOrder(
    [...found].map(([name, series]) => ({ name, series: series.sort(byRole) })),
    monitor
  );
}

/** Charts in the order people look at them. */
export function inOrder<T extends { name: string }>(charts: T[], monitor: string | null): T[] {
  const watched = monitor === null ? null : split(monitor).family;
  const order = ['loss', watched, null, 'learning_rate'];
  // What isn't named there stands in the gap, and the machine behind all.
  const rank = (family: string) => (family.startsWith('system/') ? 5 : order.indexOf(family) + 1 || 3);
  return charts.sort((a, b) => rank(a.name) - rank(b.name));
}

/** Names of the series that can be read again for a window. */
export function perStepNames(all: Family[]): string[] {
  return all.flatMap(family => family.series.filter(series => series.perStep).map(series => series.name));
}

/** The last finite value of a series. */
export function latest(series: Series): number | null {
  return series.values.findLast(value => value !== null) ?? null;
}

/** The step since which a per-step series holds no finite value; `null` if its newest value is one. */
export function brokenSince({ perStep, steps, values }: Series): number | null {
  // A series by epoch also has no value where it wasn't measured.
  return perStep ? (steps[values.findLastIndex(value => value !== null) + 1] ?? null) : null;
}

/** The index of the point nearest to a step, or -1 if there is none. Steps ascend. */
export function nearest(steps: readonly number[], step: number): number {
  let low = 0;
  let high = steps.length - 1;
  if (high < 0) {
    return -1;
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((steps[middle] ?? 0) < step) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return Math.abs((steps[low] ?? 0) - step) <= Math.abs((steps[high] ?? 0) - step) ? low : high;
}

/**
 * Lays finely read windows over the decimated series: inside the window the fine points, beyond what was
 * read (a running run grows) the points of the snapshot.
 */
export function refine(curves: Curves, fine: Curves | null): Curves {
  if (fine === null) {
    return curves;
  }
  return Object.fromEntries(
    Object.entries(curves).map(([name, coarse]) => {
      const window = fine[name];
      const end = window?.steps.at(-1);
      if (window === undefined || end === undefined) {
        return [name, coarse];
      }
      const first = coarse.steps.findIndex(step => step > end);
      const rest = first < 0 ? coarse.steps.length : first;
      return [
        name,
        {
          steps: [...window.steps, ...coarse.steps.slice(rest)],
          values: [...window.values, ...coarse.values.slice(rest)]
        }
      ];
    })
  );
}

function rowSteps(epochs: Snapshot['epochs']): number[] {
  return (epochs.step ?? []).map(step => step ?? 0);
}

function byRole(a: Series, b: Series): number {
  const order: Role[] = ['train', 'validation', 'other'];
  return order.indexOf(a.role) - order.indexOf(b.role);
}
