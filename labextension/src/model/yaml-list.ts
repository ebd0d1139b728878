import type { Node, YAMLSeq } from 'yaml';
import { same } from './yaml-document';
import type { TextEdit } from './yaml-change';
import { columnOf, endOfLine, endOfNode } from './yaml-places';
import { asBlock, onOneLine } from './yaml-write';

/** Where an item begins, with its dash, and where what belongs to it ends. */
interface Stretch {
  from: number;
  to: number;
}

/**
 * Gives a list other items, another order, more of them or fewer. Items that stay keep their text, and what is said of
 * them in comments. `next` isn't empty.
 */
export function rearranged(
  text: string,
  list: YAMLSeq,
  before: unknown[],
  next: unknown[]
): TextEdit[] | null {
  const stretches = list.flow === true ? flowStretches(list) : blockStretches(text, list);
  const [first, last] = [stretches?.[0], stretches?.at(-1)];
  if (stretches === null || first === undefined || last === undefined) {
    return list.flow === true && list.range != null
      ? [{ from: list.range[0], to: list.range[1], insert: onOneLine(next) }]
      : null;
  }
  const unused = new Set(stretches.keys());
  const taken = next.map(value => {
    const at = [...unused].find(index => same(before[index], value));
    if (at !== undefined) {
      unused.delete(at);
    }
    return at;
  });
  const column = columnOf(text, first.from);
  const pieces = next.map((value, place) => {
    const stretch = taken[place] === undefined ? undefined : stretches[taken[place]];
    if (stretch !== undefined) {
      return text.slice(stretch.from, stretch.to);
    }
    return list.flow === true ? onOneLine(value) : `- ${asBlock(value, column, true)}`;
  });
  const between = list.flow === true ? ', ' : `\n${' '.repeat(column)}`;
  return [trimmed(text, first.from, last.to, pieces.join(between))];
}

/** Leaves out of an edit what is the same at its beginning and at its end. */
function trimmed(text: string, from: number, to: number, insert: string): TextEdit {
  const old = text.slice(from, to);
  const most = Math.min(old.length, insert.length);
  let head = 0;
  while (head < most && old[head] === insert[head]) {
    head += 1;
  }
  let tail = 0;
  while (tail < most - head && old[old.length - 1 - tail] === insert[insert.length - 1 - tail]) {
    tail += 1;
  }
  return { from: from + head, to: to - tail, insert: insert.slice(head, insert.length - tail) };
}

function flowStretches(list: YAMLSeq): Stretch[] | null {
  const found: Stretch[] = [];
  for (const item of list.items as Node[]) {
    if (item?.range == null) {
      return null;
    }
    found.push({ from: item.range[0], to: item.range[1] });
  }
  return found;
}

/** From each dash to the end of its item's last line, with the comment there. */
function blockStretches(text: string, list: YAMLSeq): Stretch[] | null {
  const found: Stretch[] = [];
  for (const item of list.items as Node[]) {
    const end = endOfNode(item);
    if (item?.range == null || end === null) {
      return null;
    }
    const dash = text.lastIndexOf('-', item.range[0]);
    found.push({ from: dash, to: endOfLine(text, end) });
  }
  // Comments on lines of their own between items belong to the item below.
  return found.map((stretch, at) => {
    const above = found[at - 1];
    if (above === undefined) {
      return stretch;
    }
    const gap = text.slice(above.to, stretch.from);
    const comment = /\S/.exec(gap)?.index;
    return comment === undefined ? stretch : { from: above.to + comment, to: stretch.to };
  });
}
