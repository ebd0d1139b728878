import { describe, expect, it } from 'vitest';
import { FORM } from '../../src/form/words';
import { LANGUAGES, words } from '../../src/words/words';

describe('words', () => {
  it('finds a language by its tag, and falls back to English', () => {
    expect(words('pt-BR')).toBe(LANGUAGES.pt);
    expect(words('es_419')).toBe(LANGUAGES.es);
    expect(words('EN')).toBe(LANGUAGES.en);
    expect(words('ja')).toBe(LANGUAGES.en);
    expect(words('')).toBe(LANGUAGES.en);
  });

  it('counts as each language does', () => {
    expect([0, 1, 2].map(words('en').list.runs)).toEqual(['0 runs', '1 run', '2 runs']);
    expect([0, 1, 2].map(words('pt').list.runs)).toEqual(['0 execução', '1 execução', '2 execuções']);
    expect([0, 1, 2].map(words('es').list.runs)).toEqual(['0 ejecuciones', '1 ejecución', '2 ejecuciones']);
    expect(words('en').list.runs(12_345)).toBe('12,345 runs');
    expect(words('es').list.runs(12_345)).toBe('12.345 ejecuciones');
  });

  it('leaves no sentence empty in any language', () => {
    for (const language of [...Object.values(LANGUAGES), ...Object.values(FORM)]) {
      for (const [path, sentence] of sentences(language)) {
        expect(sentence.trim(), path).not.toBe('');
        expect(sentence, path).not.toContain('undefined');
      }
    }
  });
});

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
