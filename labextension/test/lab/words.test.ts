import { expect, test } from 'vitest';
import { row } from './rows';
import { message } from '../../src/lab/message';
import { labWords } from '../../src/words/lab';

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
  const words = labWords('en');
  expect(message(row('a', 'completed', { best: 0.98421 }), words)).toBe(
    'run-a has finished, best val_accuracy 0.9842.'
  );
  expect(message(row('a', 'completed'), words)).toBe('run-a has finished.');
  expect(message(row('a', 'failed', { error: 'ValueError: no' }), words)).toBe(
    'run-a failed: ValueError: no'
  );
  expect(message(row('a', 'failed'), words)).toBe('run-a failed.');
  expect(message(row('a', 'lost', { error: 'gone' }), words)).toContain('was lost');
});
