import { type Document, type Node, type Pair, type YAMLMap, isCollection, isMap, isSeq } from 'yaml';
import { type Change, type TextEdit, nest } from './yaml-change';
import {
  type Path,
  type ReadYaml,
  type Settings,
  isSettings,
  nameOf,
  nodeAt,
  pairOf,
  same,
  valueAt
} from './yaml-document';
import { rearranged } from './yaml-list';
import { columnOf, endOf, endOfLine, endOfText, startOf, startOfLine } from './yaml-places';
import { asBlock, onOneLine, spaced } from './yaml-write';

/** Finds edits for a change by where things stand; `null` where none is thought of. What they say is checked elsewhere. */
export function smallest(text: string, read: ReadYaml, change: Change): TextEdit[] | null {
  const { document } = read;
  const { path, value } = change;
  if (document.contents === null) {
    const [key] = path;
    const end = text === '' || text.endsWith('\n') ? text : `${text}\n`;
    return [
      {
        from: 0,
        to: text.length,
        insert: `${end}${onOneLine(key)}:${spaced(asBlock(nest(path.slice(1), value), 0, false))}\n`
      }
    ];
  }
  // As far as the path is there.
  let depth = 0;
  while (depth < path.length && nodeAt(document, path.slice(0, depth + 1)) !== null) {
    depth += 1;
  }
  const present = path.slice(0, depth);
  const node = nodeAt(document, present);
  if (depth === path.length) {
    return value === undefined ? taken(text, read, path) : replaced(text, read, change, node);
  }
  if (value === undefined) {
    return [];
  }
  const inside = nest(path.slice(depth + 1), value);
  const key = String(path[depth]);
  const pair = isMap(node) ? pairOf(node.items, key) : undefined;
  if (isMap(node) && pair === undefined) {
    const plain = depth + 1 === path.length ? change.source : undefined;
    return added(text, node, key, inside, plain, present.length === 0 ? change.order : undefined);
  }
  if (isMap(node) && pair !== undefined && pair.value === null) {
    return null;
  }
  if (isSeq(node) && Number(key) === node.items.length) {
    const list = valueAt(read.values, present) as unknown[];
    return rearranged(text, node, list, [...list, inside]);
  }
  // Something plain stands where a mapping must.
  return replaced(text, read, { path: present, value: nest(path.slice(depth), value) }, node);
}

/** Writes a value in the place of another. */
function replaced(text: string, read: ReadYaml, change: Change, node: Node | null): TextEdit[] | null {
  const { path, value, source } = change;
  if (node?.range == null || path.length === 0) {
    return null;
  }
  const { document } = read;
  const before = valueAt(read.values, path);
  if (isSeq(node) && Array.isArray(value) && Array.isArray(before) && value.length > 0) {
    return inside(text, read, path, before, value) ?? rearranged(text, node, before, value);
  }
  if (isMap(node) && isSettings(value) && isSettings(before) && Object.keys(value).length > 0) {
    return inside(text, read, path, before, value) ?? whole(text, node, value, path, document);
  }
  const [from, to] = node.range;
  if (!isCollection(node) && !isCollectionValue(value)) {
    const insert = source ?? onOneLine(value);
    const empty = from === to;
    return [
      { from, to, insert: empty ? ` ${insert}` : insert },
      ...aligned(text, to, insert.length - (to - from))
    ];
  }
  return whole(text, node, value, path, document);
}

/** Keeps a comment behind a value in its column, where it stands in one with those of other lines. */
function aligned(text: string, at: number, longer: number): TextEdit[] {
  const gap = /^ {3,}(?=#)/.exec(text.slice(at, endOfLine(text, at)))?.[0].length ?? 0;
  const room = Math.max(2, gap - longer);
  if (gap === 0 || room === gap) {
    return [];
  }
  return room < gap
    ? [{ from: at + room, to: at + gap, insert: '' }]
    : [{ from: at + gap, to: at + gap, insert: ' '.repeat(room - gap) }];
}

const isCollectionValue = (value: unknown) => typeof value === 'object' && value !== null;

/** What can be changed in parts: keys of a mapping, or items of a list that has as many. */
function inside(
  text: string,
  read: ReadYaml,
  path: Path,
  before: Settings | unknown[],
  value: Settings | unknown[]
): TextEdit[] | null {
  if (Array.isArray(before) && before.length !== (value as unknown[]).length) {
    return null;
  }
  const keys = [...new Set([...Object.keys(before), ...Object.keys(value)])];
  const different = keys.filter(key => !same(valueAt(before, [key]), valueAt(value, [key])));
  const moves = Array.isArray(before) && different.length > 1;
  // One difference a time keeps edits apart from each other.
  if (different.length !== 1 || moves) {
    return null;
  }
  const [key = ''] = different;
  return smallest(text, read, { path: [...path, key], value: valueAt(value, [key]) });
}

/** Writes a value as a whole in the place of one that is, or was, no plain one. */
function whole(text: string, node: Node, value: unknown, path: Path, document: Document): TextEdit[] | null {
  const [from, end] = node.range ?? [0, 0];
  const flow = isCollection(node) && node.flow === true;
  const parent = nodeAt(document, path.slice(0, -1));
  const inFlow = isCollection(parent) && parent.flow === true;
  if (flow || inFlow || !isCollection(node)) {
    if (inFlow || (flow && onOneLine(value).length < 100)) {
      return [{ from, to: end, insert: onOneLine(value) }];
    }
    const key = isMap(parent) ? pairOf(parent.items, String(path.at(-1)))?.key : undefined;
    const column = columnOf(text, startOf(key) ?? from);
    const block = asBlock(value, column, isSeq(parent));
    const start = block.startsWith('\n') ? from - (/ *$/.exec(text.slice(0, from))?.[0].length ?? 0) : from;
    return [{ from: start, to: end, insert: block }];
  }
  const key = isMap(parent) ? pairOf(parent.items, String(path.at(-1)))?.key : undefined;
  const column = columnOf(text, startOf(key) ?? from);
  const colon = isMap(parent) ? text.lastIndexOf(':', from) + 1 : from;
  const last = endOfText(text, from, end);
  const block = asBlock(value, column, isSeq(parent));
  return [{ from: colon, to: last, insert: isSeq(parent) ? block : spaced(block) }];
}

/** Adds a key to a mapping. */
function added(
  text: string,
  map: YAMLMap,
  key: string,
  value: unknown,
  source: string | undefined,
  order: readonly string[] | undefined
): TextEdit[] | null {
  const items = map.items as Pair[];
  const name = onOneLine(key);
  if (map.flow === true) {
    const last = items.at(-1);
    const said = `${name}: ${source ?? onOneLine(value)}`;
    const at = last === undefined ? (map.range?.[0] ?? 0) + 1 : endOf(last);
    return at === null ? null : [{ from: at, to: at, insert: last === undefined ? said : `, ${said}` }];
  }
  const first = items[0];
  const column = columnOf(text, startOf(first?.key) ?? 0);
  const above = behind(items, key, order);
  const said = `${name}:${source === undefined ? spaced(asBlock(value, column, false)) : ` ${source}`}`;
  if (above === undefined) {
    const at = startOf(first?.key) ?? 0;
    return [{ from: at, to: at, insert: `${said}\n${' '.repeat(column)}` }];
  }
  const end = endOf(above);
  if (end === null) {
    return null;
  }
  const at = endOfLine(text, end);
  return [{ from: at, to: at, insert: `\n${' '.repeat(column)}${said}` }];
}

/** The key below which a new one belongs; the last one where nothing is said of an order. */
function behind(items: Pair[], key: string, order: readonly string[] | undefined): Pair | undefined {
  const place = order?.indexOf(key) ?? -1;
  if (order === undefined || place < 0) {
    return items.at(-1);
  }
  const ranks = items.map(item => order.indexOf(nameOf(item)));
  const best = Math.max(...ranks.filter(rank => rank >= 0 && rank < place));
  return Number.isFinite(best) ? items[ranks.indexOf(best)] : undefined;
}

/** Takes a key of a mapping, or an item of a list, away. */
function taken(text: string, read: ReadYaml, path: Path): TextEdit[] | null {
  const { document } = read;
  const parent = nodeAt(document, path.slice(0, -1));
  const key = path.at(-1);
  if (isSeq(parent)) {
    const list = valueAt(read.values, path.slice(0, -1)) as unknown[];
    const rest = list.filter((_, at) => at !== Number(key));
    return rest.length === 0
      ? whole(text, parent, [], path.slice(0, -1), document)
      : rearranged(text, parent, list, rest);
  }
  if (!isMap(parent)) {
    return null;
  }
  const items = parent.items as Pair[];
  const at = items.findIndex(item => nameOf(item) === String(key));
  const pair = items[at];
  if (pair === undefined) {
    return [];
  }
  const [start, end] = [startOf(pair.key), endOf(pair)];
  if (start === null || end === null) {
    return null;
  }
  if (parent.flow === true) {
    const [before, after] = [items[at - 1], items[at + 1]];
    const from = before === undefined ? start : (endOf(before) ?? start);
    const to = before === undefined && after !== undefined ? (startOf(after.key) ?? end) : end;
    return [{ from, to, insert: '' }];
  }
  if (items.length === 1) {
    return path.length === 1
      ? [{ from: startOfLine(text, start), to: endOfLine(text, end), insert: '' }]
      : whole(text, parent, {}, path.slice(0, -1), document);
  }
  const line = startOfLine(text, start);
  if (text.slice(line, start).trim() !== '') {
    // Behind a dash: the next key takes its place there.
    const next = startOf(items[at + 1]?.key);
    return next === null ? null : [{ from: start, to: next, insert: '' }];
  }
  const below = endOfLine(text, end);
  return below < text.length
    ? [{ from: line, to: below + 1, insert: '' }]
    : [{ from: Math.max(0, line - 1), to: below, insert: '' }];
}
