import { type Path, isSettings, valueAt } from './yaml-document';

/** A stretch of a text, and what takes its place. */
export interface TextEdit {
  from: number;
  to: number;
  insert: string;
}

/** What is to stand at a path; `value` of `undefined` takes the key away. */
export interface Change {
  path: Path;
  value: unknown;
  /** How a person has written the value; taken if it says the same. */
  source?: string | undefined;
  /** The order of the keys beside it, where the key is a new one. */
  order?: readonly string[] | undefined;
}

/** What a configuration says after a change. Mappings that lead there are made. */
export function changed(values: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) {
    return value;
  }
  if (value === undefined && valueAt(values, [key]) === undefined) {
    return values;
  }
  if (Array.isArray(values)) {
    const inner = changed(values[Number(key)], rest, value);
    return rest.length === 0 && value === undefined
      ? values.filter((_, at) => at !== Number(key))
      : values.toSpliced(Number(key), 1, inner);
  }
  const { [String(key)]: before, ...others } = isSettings(values) ? values : {};
  if (rest.length === 0 && value === undefined) {
    return others;
  }
  const inner = changed(before, rest, value);
  return isSettings(values) && String(key) in values
    ? { ...values, [String(key)]: inner }
    : { ...others, [String(key)]: inner };
}

/** A value inside of the mappings that a path leads through. */
export const nest = (path: Path, value: unknown): unknown =>
  path.reduceRight<unknown>((inner, key) => ({ [String(key)]: inner }), value);
