import type { Confusion, Snapshot } from '../../contract';
import type { InsightClient } from '../contract';
import type { PackedMatrices } from './answers';
import { asConfusion } from './cells';
import { unpacked } from './matrices';

/** A run as it was after an epoch. */
export interface Side {
  run: string;
  epoch: number;
}

/** Somebody who answers for a run that can stand on a side. */
export interface Candidate {
  id: string;
  label: string;
  client: InsightClient;
  snapshot: Snapshot;
}

/** A validated epoch of a run, and what its checkpoint is kept as, if there is one. */
export interface EpochChoice {
  epoch: number;
  kinds: string[];
}

/** The validated epochs, newest first. */
export function epochChoices({ epochs, checkpoints, best }: Snapshot): EpochChoice[] {
  const column = epochs.epoch ?? [];
  const measured = Object.entries(epochs).filter(([name]) => name.startsWith('val_'));
  return column
    .flatMap((epoch, i) =>
      epoch === null || (measured.length > 0 && measured.every(([, values]) => values[i] == null))
        ? []
        : [
            {
              epoch,
              kinds: [
                ...new Set([
                  ...checkpoints.filter(point => point.epoch === epoch).flatMap(point => point.kinds),
                  ...(best?.epoch === epoch ? (['best'] as const) : [])
                ])
              ]
            }
          ]
    )
    .reverse();
}

/** What is compared until a person chooses: the first with the best epoch of one run, the best (or last) of two. */
export function firstSides(candidates: Candidate[]): [Side, Side] | null {
  const [one, other] = candidates;
  if (one === undefined) {
    return null;
  }
  if (other !== undefined) {
    const [left, right] = [bestEpoch(one.snapshot), bestEpoch(other.snapshot)];
    return left === null || right === null
      ? null
      : [
          { run: one.id, epoch: left },
          { run: other.id, epoch: right }
        ];
  }
  const choices = epochChoices(one.snapshot);
  const [first, best] = [choices.at(-1)?.epoch, bestEpoch(one.snapshot)];
  if (first === undefined || best === null || choices.length < 2) {
    return null;
  }
  const last = choices[0]?.epoch ?? best;
  return [
    { run: one.id, epoch: first },
    { run: one.id, epoch: best === first ? last : best }
  ];
}

function bestEpoch(snapshot: Snapshot): number | null {
  const choices = epochChoices(snapshot);
  const best = snapshot.best?.epoch;
  return choices.find(({ epoch }) => epoch === best)?.epoch ?? choices[0]?.epoch ?? null;
}

/** Numbers of a summary by name: `macro.f1` of `{macro: {f1: …}}`. */
export function flatMetrics(overall: unknown, above = ''): Map<string, number | null> {
  const found = new Map<string, number | null>();
  for (const [name, value] of Object.entries(Object(overall) as Record<string, unknown>)) {
    if (typeof value === 'number' || value === null) {
      found.set(above + name, value);
    } else if (typeof value === 'object' && !Array.isArray(value)) {
      for (const [inner, number] of flatMetrics(value, `${above}${name}.`)) {
        found.set(inner, number);
      }
    }
  }
  return found;
}

/** Means that say little more than others do. */
const LEFT_OUT = /^(micro|weighted)\./;

/**
 * What an epoch measured: by the run's history first, then what is known of the whole set besides.
 *
 * @param overall numbers of the validation's summary, as `flatMetrics` names them
 */
export function allMetrics(
  history: ReadonlyMap<string, number | null>,
  overall: ReadonlyMap<string, number | null>
): Map<string, number | null> {
  const known = new Set([...history.keys()].map(name => name.replace(/^val_/, '')));
  const more = [...overall].filter(([name]) => !known.has(name) && !LEFT_OUT.test(name));
  return new Map([...history, ...more]);
}

const LESS_IS_BETTER = /(^|[._])(loss|error|mae|mse|rmse|ece|mean_residual)$/;

export interface MetricPair {
  name: string;
  before: number | null;
  after: number | null;
  /** Whether it became better; `null` where it is the same or one of them is missing. */
  better: boolean | null;
}

/** What both sides measured, side by side. */
export function metricPairs(
  before: ReadonlyMap<string, number | null>,
  after: ReadonlyMap<string, number | null>
): MetricPair[] {
  return [...new Set([...before.keys(), ...after.keys()])].map(name => {
    const [one, other] = [before.get(name) ?? null, after.get(name) ?? null];
    const same = one === null || other === null || one === other;
    return {
      name,
      before: one,
      after: other,
      better: same ? null : other > one !== LESS_IS_BETTER.test(name)
    };
  });
}

/** What a validation measured, by the names of the run's history. */
export function epochMetrics({ epochs }: Snapshot, epoch: number): Map<string, number | null> {
  const row = (epochs.epoch ?? []).indexOf(epoch);
  return new Map(
    Object.entries(epochs)
      .filter(([name]) => name.startsWith('val_'))
      .map(([name, column]) => [name, row < 0 ? null : (column[row] ?? null)])
  );
}

export interface SideItem {
  index: number;
  truth: string;
  prediction: string;
  confidence: number | null;
  correct: boolean | null;
  image: string | null;
  features: (number | null)[] | null;
  loss: number | null;
  side: 'better' | 'worse';
  before: { prediction: string; confidence: number | null; correct: boolean | null; loss: number | null };
}

/** Examples that were wrong and are right now, or the other way round. */
export interface Changed {
  better: number;
  worse: number;
  items: SideItem[];
}

/** The matrix of a validated epoch; `null` where there is none. */
export async function matrixAt(client: InsightClient, epoch: number): Promise<Confusion | null> {
  const answer = (await client.read('confusions', { after: epoch - 1, limit: 1 })) as PackedMatrices;
  const counts = (await unpacked(answer)).get(epoch);
  return counts === undefined || answer.size === 0 ? null : asConfusion(counts, answer.labels, epoch);
}
