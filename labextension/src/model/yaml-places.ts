/** Where in a text something stands that was read from it. */

import { type Node, type Pair, isCollection, isMap } from 'yaml';

/** A block's range reaches over the line breaks, and the comments, below it. */
export function endOfText(text: string, from: number, end: number): number {
  return from + text.slice(from, end).trimEnd().length;
}

export const startOf = (node: unknown): number | null =>
  (node as Node | null | undefined)?.range?.[0] ?? null;

/** Where a pair's value ends, without the line break and comments behind it. */
export function endOf(pair: Pair): number | null {
  return endOfNode(pair.value ?? pair.key);
}

/** Where a value ends, likewise; of a block that is where the last value inside of it does. */
export function endOfNode(node: unknown): number | null {
  const range = (node as Node | null | undefined)?.range;
  if (range == null) {
    return null;
  }
  if (isCollection(node) && node.flow !== true) {
    const last = node.items.at(-1);
    return (isMap(node) ? endOf(last as Pair) : endOfNode(last)) ?? range[1];
  }
  return range[1];
}

export function startOfLine(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

export function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

export function columnOf(text: string, at: number): number {
  return at - startOfLine(text, at);
}
