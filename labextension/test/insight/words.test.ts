import { describe, expect, it } from 'vitest';
import { ANALYSIS } from '../../src/insight/words/analysis';
import { SIDES } from '../../src/insight/words/sides';
import { TESTS } from '../../src/insight/words/tests';
import { TRIAL } from '../../src/insight/words/trial';

const DICTIONARIES = { ANALYSIS, SIDES, TESTS, TRIAL };

/** Every sentence below a dictionary; those with something to fill in are filled with `1`. */
function sentences(part: object, above = ''): [string, string][] {
  return Object.entries(part).flatMap(([name, value]: [string, unknown]) => {
    const path = `${above}.${name}`;
    if (typeof value === 'function') {
      return [[path, String(value(1, 1, 1, 1))]];
    }
    return typeof value === 'object' && value !== null ? sentences(value, path) : [[path, String(value)]];
  });
}

describe.each(Object.entries(DICTIONARIES))('the words of %s', (_name, dictionary) => {
  it.each(Object.entries(dictionary))('leave no sentence empty in %s', (_language, words) => {
    for (const [path, sentence] of sentences(words)) {
      expect(sentence.trim(), path).not.toBe('');
      expect(sentence, path).not.toContain('undefined');
    }
  });

  it('name the same things in every language', () => {
    const [first, ...others] = Object.values(dictionary).map(words => sentences(words).map(([path]) => path));
    for (const other of others) {
      expect(other).toEqual(first);
    }
  });
});
