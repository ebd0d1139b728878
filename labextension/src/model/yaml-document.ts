import {
  type Document,
  type DocumentOptions,
  type Node,
  type Pair,
  type ParseOptions,
  type SchemaOptions,
  type Tags,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseDocument
} from 'yaml';

export type Settings = Record<string, unknown>;

/** Keys and places in lists that lead from the whole to a value. */
export type Path = readonly (string | number)[];

/** Values that a text may stand for once its aliases are spelled out, as the server has it. */
const MOST_VALUES = 100_000;

/** PyYAML takes no single letter for a truth value. */
function tagsOfPython(tags: Tags): Tags {
  return tags.map(tag =>
    typeof tag === 'object' && tag.tag === 'tag:yaml.org,2002:bool' && 'test' in tag && tag.test !== undefined
      ? { ...tag, test: /true/i.test(tag.test.source) ? TRUE : FALSE }
      : tag
  );
}

const TRUE = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/;

/** YAML as the server reads it: that of Python's loaders, in which `on` is true and `1e-3` a number. */
export const AS_PYTHON: ParseOptions & DocumentOptions & SchemaOptions = {
  version: '1.1',
  customTags: tagsOfPython,
  prettyErrors: false
};

/** A configuration that could be read, with where everything stands. */
export interface ReadYaml {
  values: Settings;
  document: Document.Parsed;
  text: string;
}

class TooMuch extends Error {}

/** What was read last: an edit reads what it makes of a text, and whoever shows that text reads it next. */
const recent = new Map<string, ReadYaml | null>();
const RECENT = 3;

/**
 * Reads a configuration; `null` where it doesn't parse, or is no mapping. What is empty has no settings. Several may
 * be given the same answer, so nobody may change it.
 */
export function readYaml(text: string): ReadYaml | null {
  const known = recent.get(text);
  if (known !== undefined) {
    return known;
  }
  const read = readAnew(text);
  recent.set(text, read);
  for (const old of [...recent.keys()].slice(0, -RECENT)) {
    recent.delete(old);
  }
  return read;
}

/** Reads a configuration for who changes the document. */
export function readAnew(text: string): ReadYaml | null {
  const document = parseDocument(text, AS_PYTHON);
  if (document.errors.length > 0) {
    return null;
  }
  try {
    const values =
      document.contents === null ? {} : plain(document.contents, document, { left: MOST_VALUES });
    return isSettings(values) ? { values, document, text } : null;
  } catch (error) {
    // Nested deeper than the stack, or an alias of what it is part of.
    if (error instanceof TooMuch || error instanceof RangeError) {
      return null;
    }
    throw error;
  }
}

/** Gives the value of what stands on one line; `undefined` where it doesn't parse. */
export function readValue(text: string): unknown {
  const read = readYaml(`value: ${text}`);
  return read === null || Object.keys(read.values).length !== 1 ? undefined : (read.values.value ?? null);
}

/** The node a path leads to, and the pair it is the value of. */
export function nodeAt(document: Document, path: Path): Node | null {
  let node: unknown = document.contents;
  for (const key of path) {
    node = isAlias(node) ? node.resolve(document) : node;
    if (isMap(node)) {
      node = pairOf(node.items, String(key))?.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
    } else {
      return null;
    }
  }
  return (node ?? null) as Node | null;
}

/** What is written at a path, as it is written: `1.0e-3`; `null` where no plain value stands there. */
export function sourceAt(document: Document, path: Path): string | null {
  const node = nodeAt(document, path);
  return isScalar(node) && typeof node.source === 'string' ? node.source : null;
}

/** The stretch of a text that stands at a path; `null` where nothing does. */
export function textAt({ document, text }: ReadYaml, path: Path): string | null {
  const range = nodeAt(document, path)?.range;
  return range == null ? null : text.slice(range[0], range[1]);
}

/** The line on which something stands, counted from 1; `null` where nothing does. */
export function lineAt({ document, text }: ReadYaml, path: Path): number | null {
  const start = nodeAt(document, path)?.range?.[0];
  return start === undefined ? null : text.slice(0, start).split('\n').length;
}

export function pairOf(items: readonly Pair[], key: string): Pair | undefined {
  return items.find(pair => isPair(pair) && nameOf(pair) === key);
}

/** As a key, `on` is the name of a setting. */
export function nameOf(pair: Pair): string {
  const { key } = pair;
  return isScalar(key) ? (key.source ?? String(key.value)) : String(key);
}

function plain(node: unknown, document: Document, budget: { left: number }): unknown {
  budget.left -= 1;
  if (budget.left < 0) {
    throw new TooMuch();
  }
  if (isAlias(node)) {
    return plain(node.resolve(document), document, budget);
  }
  if (isSeq(node)) {
    return node.items.map(item => plain(item, document, budget));
  }
  if (isMap(node)) {
    let made: Settings = {};
    for (const pair of node.items) {
      const value = plain(pair.value, document, budget);
      if (nameOf(pair) === '<<') {
        const merged = Array.isArray(value) ? Object.assign({}, ...value.toReversed()) : value;
        made = { ...(merged as Settings), ...made };
      } else {
        made[nameOf(pair)] = value;
      }
    }
    return made;
  }
  return isScalar(node) ? node.value : (node ?? null);
}

export function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** The value a path leads to; `undefined` where it leads nowhere. */
export function valueAt(values: unknown, path: Path): unknown {
  let value = values;
  for (const key of path) {
    value = Array.isArray(value) ? value[Number(key)] : isSettings(value) ? value[String(key)] : undefined;
  }
  return value;
}

/** Whether two values say the same, in whatever order their keys stand. */
export function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, at) => same(item, b[at]));
  }
  if (isSettings(a) && isSettings(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every(key => key in b && same(a[key], b[key]));
  }
  return a instanceof Date && b instanceof Date ? a.getTime() === b.getTime() : Object.is(a, b);
}
