import { type Document, isCollection, isScalar, stringify, visit } from 'yaml';
import { type Change, type TextEdit, changed, nest } from './yaml-change';
import { AS_PYTHON, type Path, nodeAt, readAnew, readYaml, same } from './yaml-document';
import { outgrown } from './yaml-outgrown';
import { smallest } from './yaml-smallest';

export { type Change, type TextEdit, changed } from './yaml-change';

/**
 * Finds the smallest edits after which a configuration says something else at a path, and all the rest as before: its
 * comments, its order, its way of writing. `null` where the text doesn't parse.
 */
export function edited(text: string, change: Change): TextEdit[] | null {
  const read = readYaml(text);
  if (read === null) {
    return null;
  }
  const wanted = changed(read.values, change.path, change.value);
  if (same(wanted, read.values)) {
    const source = change.source;
    const node = nodeAt(read.document, change.path);
    const other = source !== undefined && isScalar(node) && node.source !== source;
    if (!other) {
      return [];
    }
  }
  const tries = [
    () => outgrown(text, read, change, wanted),
    () => smallest(text, read, change),
    () => smallest(text, read, { ...change, source: undefined })
  ];
  for (const attempt of tries) {
    const edits = attempt();
    // A text can be written in more ways than are thought of here: what counts is what is read from it.
    if (edits !== null && same(readYaml(applied(text, edits))?.values, wanted)) {
      return edits;
    }
  }
  return rewritten(text, change, wanted);
}

/** Carries edits out; they don't overlap, and are in order. */
export function applied(text: string, edits: readonly TextEdit[]): string {
  return edits
    .toReversed()
    .reduce((now, { from, to, insert }) => now.slice(0, from) + insert + now.slice(to), text);
}

/** Where nothing smaller is found: the library writes all of it, and what differs is put in place. */
function rewritten(text: string, { path, value }: Change, wanted: unknown): TextEdit[] | null {
  // A document of its own, since it is changed.
  const own = readAnew(text);
  const next = own === null ? null : rewrittenWhole(own.document, path, value, wanted);
  if (next === null || !same(readYaml(next)?.values, wanted)) {
    return null;
  }
  let from = 0;
  while (from < Math.min(text.length, next.length) && text[from] === next[from]) {
    from += 1;
  }
  let tail = 0;
  const most = Math.min(text.length, next.length) - from;
  while (tail < most && text[text.length - 1 - tail] === next[next.length - 1 - tail]) {
    tail += 1;
  }
  return [{ from, to: text.length - tail, insert: next.slice(from, next.length - tail) }];
}

/** With comments; where an alias stands for what is changed elsewhere, as values alone. */
function rewrittenWhole(document: Document, path: Path, value: unknown, wanted: unknown): string {
  let aliases = false;
  visit(document, {
    Alias: () => {
      aliases = true;
    }
  });
  if (aliases) {
    return stringify(wanted, { ...AS_PYTHON, aliasDuplicateObjects: false });
  }
  if (value === undefined) {
    document.deleteIn(path);
  } else {
    let depth = path.length - 1;
    while (depth > 0 && !isCollection(nodeAt(document, path.slice(0, depth)))) {
      depth -= 1;
    }
    document.setIn(path.slice(0, depth + 1), document.createNode(nest(path.slice(depth + 1), value)));
  }
  return document.toString({ lineWidth: 0 });
}
