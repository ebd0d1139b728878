import type { JSX } from 'preact';
import { metric } from '../../model/format';
import { useReading } from '../model/reading';
import {
  type Candidate,
  type MetricPair,
  allMetrics,
  epochMetrics,
  flatMetrics,
  metricPairs
} from '../model/sides';
import { evaluationWords } from '../words/evaluation';
import type { Pair } from './sides';
import { Failure } from './states';

/** What both sides measured, and which of it is better. */
export function SideMetrics({ before, after, one, other, words: said, language }: Pair): JSX.Element {
  const { names } = evaluationWords(language);
  const read = useReading(`${before.run} ${before.epoch} ${after.run} ${after.epoch}`, 0, () =>
    Promise.all([overall(one, before.epoch), overall(other, after.epoch)])
  );
  const [old, fresh] = read.value ?? [new Map(), new Map()];
  const pairs = metricPairs(
    allMetrics(epochMetrics(one.snapshot, before.epoch), old),
    allMetrics(epochMetrics(other.snapshot, after.epoch), fresh)
  );
  return (
    <section aria-label={said.metrics}>
      <h4>{said.metrics}</h4>
      {read.error === null ? null : <Failure error={read.error} words={said} onAgain={read.again} />}
      {pairs.length === 0 ? (
        <p class="dlt-muted">{read.busy ? said.waiting : said.noMetrics}</p>
      ) : (
        <div class="dlt-scroll">
          <table class="dlt-table dlt-side-table">
            <thead>
              <tr>
                <th scope="col" class="dlt-left">
                  {said.metric}
                </th>
                <th scope="col">{said.before}</th>
                <th scope="col">{said.after}</th>
                <th scope="col">{said.change}</th>
              </tr>
            </thead>
            <tbody>
              {pairs.map(pair => (
                <tr key={pair.name}>
                  <th scope="row" class="dlt-left">
                    {called(pair.name, names)}
                  </th>
                  <td>{metric(pair.before)}</td>
                  <td>{metric(pair.after)}</td>
                  <td class="dlt-change" data-side={sideOf(pair)}>
                    {changeText(pair)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** `macro.f1` is `F1 macro`, `val_loss` is `loss`: both sides are validations. */
function called(name: string, names: Record<string, string>): string {
  const parts = name.replace(/^val_/, '').split('.').reverse();
  return parts.map(part => names[part] ?? part.replaceAll('_', ' ')).join(' ');
}

/** Numbers of the whole validation set after an epoch; none where the run keeps none. */
async function overall({ client }: Candidate, epoch: number): Promise<Map<string, number | null>> {
  const { summary } = Object(await client.read('evaluation', { epoch })) as {
    summary?: { overall?: unknown } | null;
  };
  return flatMetrics(summary?.overall);
}

function sideOf({ better }: MetricPair): string {
  return better === null ? 'same' : better ? 'better' : 'worse';
}

function changeText({ before, after }: MetricPair): string {
  if (before === null || after === null) {
    return '–';
  }
  const change = after - before;
  return change === 0 ? '0' : `${change > 0 ? '+' : '−'}${metric(Math.abs(change))}`;
}
