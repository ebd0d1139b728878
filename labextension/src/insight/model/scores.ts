import type { ClassScores, Line, Summary } from './answers';

/** A number of the whole set; `group` names what it is a mean of, such as `macro`. */
export interface Score {
  name: string;
  group: string | null;
  value: number | null;
}

/** Every number of the whole set, in the order in which it was told. */
export function overall(summary: Summary): Score[] {
  return Object.entries(summary.overall ?? {}).flatMap(([name, value]): Score[] =>
    value !== null && typeof value === 'object'
      ? Object.entries(value).map(([inner, number]) => ({
          name: inner,
          group: name,
          value: typeof number === 'number' ? number : null
        }))
      : [{ name, group: null, value }]
  );
}

/** Means over the classes, by what was averaged: `{ group: 'macro', values: { f1: 0.9 } }`. */
export interface Average {
  group: string;
  values: Record<string, number | null>;
}

/** The means that stand below the table of classes; of single labels all micro-averages are the accuracy. */
export function averages(summary: Summary): Average[] {
  return Object.entries(summary.overall ?? {}).flatMap(([group, found]): Average[] => {
    if (found === null || typeof found !== 'object') {
      return [];
    }
    const values = found as Average['values'];
    const alike = new Set([...Object.values(values), summary.overall?.accuracy]).size === 1;
    return group === 'micro' && alike ? [] : [{ group, values }];
  });
}

/** The few numbers that say most of the whole set; the means stand below the table of classes, if there is one. */
export function headline(summary: Summary): Score[] {
  const classes = summary.classes ?? [];
  const kept = new Set(averages(summary).map(({ group }) => group));
  return overall(summary).filter(({ name, group }) =>
    group === null || classes.length === 0
      ? group === null || kept.has(group)
      : group === 'macro' && name === 'f1'
  );
}

/** Recalls at which the mean of curves is told. */
const PLACES = 101;

/**
 * The mean over classes of precision at each recall, so that the area below it is the mean of their average
 * precisions: a curve is as high as at its next point to the right.
 */
export function meanPrecision(lines: Line[]): Line {
  const curves = lines.map(({ x, y }) =>
    x
      .map((recall, i) => [recall, y[i] ?? null] as const)
      .filter((point): point is [number, number] => point[0] !== null && point[1] !== null)
      .sort((a, b) => a[0] - b[0])
  );
  const recalls = Array.from({ length: PLACES }, (_, i) => i / (PLACES - 1));
  const at = new Array<number>(curves.length).fill(0);
  const mean = recalls.map(recall => {
    let sum = 0;
    curves.forEach((points, i) => {
      while ((points[at[i] ?? 0]?.[0] ?? 1) < recall && (at[i] ?? 0) < points.length) {
        at[i] = (at[i] ?? 0) + 1;
      }
      sum += points[at[i] ?? 0]?.[1] ?? 0;
    });
    return curves.length === 0 ? null : sum / curves.length;
  });
  return { x: recalls, y: mean };
}

/** By which the curves of a class are found: its index among all classes. */
export function classKey(classes: ClassScores[], place: number): string {
  return String(classes[place]?.class ?? place);
}

/** What the curves of a key are called. */
export function classLabel(classes: ClassScores[], key: string): string {
  const place = classes.findIndex((_, i) => classKey(classes, i) === key);
  return classes[place]?.label ?? key;
}

/** What only counts examples. */
export const COUNTS: ReadonlySet<string> = new Set(['support', 'predicted']);

/** What is told of each class, besides its name; what only counts comes last. */
export function columns(classes: ClassScores[]): string[] {
  const names = Object.keys(classes[0] ?? {}).filter(name => name !== 'label' && name !== 'class');
  return names.toSorted((a, b) => Number(COUNTS.has(a)) - Number(COUNTS.has(b)));
}

export interface Sorting {
  column: string;
  descending: boolean;
}

/** The measure by which the worst class comes first. */
export function worstFirst(classes: ClassScores[]): Sorting {
  const known = columns(classes);
  const column = ['f1', 'iou', 'ap'].find(name => known.includes(name)) ?? 'label';
  return { column, descending: false };
}

/** The places of the classes in some order; what has no value comes last either way. */
export function ordered(classes: ClassScores[], { column, descending }: Sorting): number[] {
  const sign = descending ? -1 : 1;
  const value = (i: number) => classes[i]?.[column] ?? null;
  return classes
    .map((_, i) => i)
    .sort((a, b) => {
      const [one, other] = [value(a), value(b)];
      if (one === null || other === null) {
        return one === other ? a - b : one === null ? 1 : -1;
      }
      const order =
        typeof one === 'number' && typeof other === 'number'
          ? one - other
          : String(one).localeCompare(String(other), undefined, { numeric: true });
      return sign * order || a - b;
    });
}
