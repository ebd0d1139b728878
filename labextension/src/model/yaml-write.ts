import { stringify } from 'yaml';
import { AS_PYTHON, isSettings } from './yaml-document';

const WIDTH = 88;

/** A value as it stands on one line, quoted where a reader would take it for something else. */
export function onOneLine(value: unknown): string {
  if (value === undefined) {
    return 'null';
  }
  const text = stringify([value], {
    ...AS_PYTHON,
    collectionStyle: 'flow',
    flowCollectionPadding: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
    defaultStringType: 'PLAIN',
    nullStr: 'null',
    // Long texts with line breaks are folded otherwise.
    blockQuote: false
  })
    .trim()
    .replace(/\n\s*/g, ' ');
  return text.slice(1, -1).trim();
}

/**
 * A value as it stands behind a key or a dash: on its line where there is room for it, else over several, the first of
 * which begins with a line break where the value doesn't fit behind the key.
 *
 * @param column where the key begins
 */
export function asBlock(value: unknown, column: number, behindDash: boolean): string {
  const flat = onOneLine(value);
  const many = isSettings(value) ? Object.values(value) : Array.isArray(value) ? value : [];
  const nested = many.some(item => typeof item === 'object' && item !== null && Object.keys(item).length > 0);
  if (many.length === 0 || (column + flat.length < WIDTH && !(nested && Array.isArray(value)))) {
    return flat;
  }
  const pad = ' '.repeat(column + 2);
  const lines = Array.isArray(value)
    ? value.map(item => `- ${asBlock(item, column + 2, true)}`)
    : Object.entries(value as object).map(
        ([key, item]) => `${onOneLine(key)}:${spaced(asBlock(item, column + 2, false))}`
      );
  const text = lines.join(`\n${pad}`);
  return behindDash ? text : `\n${pad}${text}`;
}

/** What stands behind a colon. */
export function spaced(text: string): string {
  return text.startsWith('\n') ? text : ` ${text}`;
}
