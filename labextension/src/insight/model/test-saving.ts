import { csv } from '../../model/csv';
import type { InsightClient } from '../contract';
import { save, saveFile } from './saving';
import { type TestRun, readTest } from './test-runs';

/** Examples read at a time. */
const PAGE = 100;

interface Example {
  index: number;
  truth: string;
  prediction: string;
  confidence: number | null;
  loss: number | null;
  correct: boolean | null;
  score?: number | null;
}

const COLUMNS = ['index', 'truth', 'prediction', 'confidence', 'loss', 'correct', 'score'] as const;

/**
 * Hands over what became of each example of a test run, as a table or with all that was measured: the file that the
 * server writes, or where there is none what can be read page by page.
 */
export async function saveTest(client: InsightClient, test: TestRun, format: 'csv' | 'json'): Promise<void> {
  const name = `test-${test.number}`;
  const file = await client.testFile?.(test.number, format);
  if (file != null) {
    saveFile(`${name}.${format}`, file);
    return;
  }
  const examples = await allExamples(client, test.number);
  if (format === 'csv') {
    const lines = examples.map(example => COLUMNS.map(column => text(example[column])));
    save(`${name}.csv`, 'text/csv', csv([...COLUMNS], lines));
    return;
  }
  const whole = { ...(await readTest(client, test.number)), examples };
  save(`${name}.json`, 'application/json', JSON.stringify(whole, null, 1));
}

async function allExamples(client: InsightClient, number: number): Promise<Example[]> {
  const found: Example[] = [];
  let total = Number.POSITIVE_INFINITY;
  while (found.length < total) {
    const page = (await client.read('examples', {
      test_run: number,
      offset: found.length,
      count: PAGE
    })) as { total: number; items: Example[] };
    if (page.items.length === 0) {
      break;
    }
    total = page.total;
    found.push(
      ...page.items.map(
        item => Object.fromEntries(COLUMNS.map(column => [column, item[column] ?? null])) as never
      )
    );
  }
  return found;
}

function text(value: string | number | boolean | null | undefined): string | number | null {
  return typeof value === 'boolean' ? String(value) : (value ?? null);
}
