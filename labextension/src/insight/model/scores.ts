import type { ClassScores, Summary } from './answers';

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

/** By which the curves of a class are found: its index among all classes. */
export function classKey(classes: ClassScores[], place: number): string {
  return String(classes[place]?.class ?? place);
}

/** What the curves of a key are called. */
export function classLabel(classes: ClassScores[], key: string): string {
  const place = classes.findIndex((_, i) => classKey(classes, i) === key);
  return classes[place]?.label ?? key;
}

/** What is told of each class, besides its name. */
export function columns(classes: ClassScores[]): string[] {
  return Object.keys(classes[0] ?? {}).filter(name => name !== 'label' && name !== 'class');
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
