import type { Confusion } from '../../contract';
import type { InsightClient } from '../contract';
import type { Summary } from './answers';
import type { CheckpointName } from './asking';

/** A checkpoint measured on a whole data set. */
export interface TestRun {
  number: number;
  /** The data set's; `validation` for what the run held back. */
  name: string;
  created_at: string;
  checkpoint: { step: number; epoch: number };
  digest: string;
  count: number;
  seconds: number;
  metrics: Record<string, number | null>;
  /** What was done to the data, or is to be known of them. */
  notes?: string[];
}

/** One with all that was found. */
export interface TestRunInFull extends TestRun {
  labels: string[];
  confusion: number[][] | null;
  summary: Summary | null;
}

export async function listTests(client: InsightClient): Promise<TestRun[]> {
  const { tests } = (await client.read('tests')) as { tests: TestRun[] };
  return [...tests].sort((a, b) => b.number - a.number);
}

export async function readTest(client: InsightClient, number: number): Promise<TestRunInFull> {
  return (await client.read('tests', { number })) as TestRunInFull;
}

export async function startTest(
  client: InsightClient,
  asked: { data: string; checkpoint: CheckpointName }
): Promise<TestRun> {
  const { data, checkpoint } = asked;
  return (await client.act('test', { checkpoint, ...(data === '' ? {} : { data }) })) as TestRun;
}

/** What the run held back is called so. */
const HELD_BACK = 'validation';

/** What a test run is called, in a person's words. */
export function nameOf({ name }: TestRun, heldBack: string): string {
  return name === '' || name === HELD_BACK ? heldBack : name;
}

/** The metrics that any of them has, the loss first. */
export function metricNames(tests: TestRun[]): string[] {
  const names = [...new Set(tests.flatMap(({ metrics }) => Object.keys(metrics)))];
  return names.sort((a, b) => Number(b === 'loss') - Number(a === 'loss'));
}

/** The confusion matrix of a test, as the views of a validation show it. */
export function confusionOf({ checkpoint, labels, confusion }: TestRunInFull): Confusion | null {
  return confusion === null ? null : { epoch: checkpoint.epoch, labels, matrix: confusion };
}
