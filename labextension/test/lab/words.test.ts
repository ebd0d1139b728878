import { expect, test } from 'vitest';
import { message } from '../../src/lab/message';
import { labWords } from '../../src/words/lab';
import { row } from '../rows';

test.each([
  ['en', 'Runs'],
  ['pt-BR', 'Execuções'],
  ['pt_PT', 'Execuções'],
  ['es-419', 'Ejecuciones'],
  ['fr', 'Runs'],
  ['', 'Runs']
])('in %s the list is called %s', (language, runs) => {
  expect(labWords(language).runs).toBe(runs);
});

test('an end is told with what it came to', () => {
  const told = (changes: Partial<ReturnType<typeof row>>) =>
    message({ ...row(1), ...changes }, labWords('en'));
  expect(told({ best: 0.98421 })).toBe('digits-1 has finished, best val_accuracy 0.9842.');
  expect(told({ best: null })).toBe('digits-1 has finished.');
  expect(told({ state: 'failed', error: 'ValueError: no' })).toBe('digits-1 failed: ValueError: no');
  expect(told({ state: 'failed' })).toBe('digits-1 failed.');
  expect(told({ state: 'lost', error: 'gone' })).toContain('digits-1 was lost');
});
