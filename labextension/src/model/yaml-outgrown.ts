import { type Node, isCollection, isMap } from 'yaml';
import type { Change, TextEdit } from './yaml-change';
import { type ReadYaml, nodeAt, pairOf, valueAt } from './yaml-document';
import { columnOf, endOfLine, startOf } from './yaml-places';
import { asBlock, onOneLine } from './yaml-write';

/** Characters that a mapping or a list on one line may have; a person's own longer ones stay as they are. */
const MOST = 100;

/**
 * Writes what stands in braces on one line over several, where a change makes it too long for one: layers that are added
 * one by one. `null` where it doesn't.
 */
export function outgrown(text: string, read: ReadYaml, change: Change, wanted: unknown): TextEdit[] | null {
  const { document } = read;
  let depth = 1;
  let node: Node | null = nodeAt(document, change.path.slice(0, depth));
  while (node !== null && depth < change.path.length && !(isCollection(node) && node.flow === true)) {
    depth += 1;
    node = nodeAt(document, change.path.slice(0, depth));
  }
  const path = change.path.slice(0, depth);
  const parent = nodeAt(document, path.slice(0, -1));
  if (!isCollection(node) || node.flow !== true || node.range == null || !isMap(parent)) {
    return null;
  }
  const [from, end] = node.range;
  const key = startOf(pairOf(parent.items, String(path.at(-1)))?.key);
  const colon = text.lastIndexOf(':', from) + 1;
  const behind = text.slice(end, endOfLine(text, end)).trim();
  // An anchor or a tag before it, and whatever else stands on its line.
  const strange = text.slice(colon, from).trim() !== '' || (behind !== '' && !behind.startsWith('#'));
  if (key === null || strange || text.slice(from, end).includes('\n')) {
    return null;
  }
  const column = columnOf(text, key);
  const value = valueAt(wanted, path);
  if (column + end - from >= MOST || column + onOneLine(value).length < MOST) {
    return null;
  }
  const block = asBlock(value, column, false);
  return [
    {
      from: colon,
      to: endOfLine(text, end),
      insert: behind === '' ? block : `  ${behind}${block}`
    }
  ];
}
