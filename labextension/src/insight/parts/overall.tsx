import type { JSX } from 'preact';
import { metric } from '../../model/format';
import type { Score } from '../model/scores';
import type { EvaluationWords } from '../words/evaluation';

/** Numbers of a whole set, side by side. */
export function Overall({ scores, words }: { scores: Score[]; words: EvaluationWords }): JSX.Element {
  return (
    <dl class="dlt-overall" aria-label={words.metrics}>
      {scores.map(({ name, group, value }) => (
        <div key={`${group} ${name}`}>
          <dt>
            {words.names[name] ?? name.replaceAll('_', ' ')}
            {group === null ? null : <small> {words.names[group] ?? group}</small>}
          </dt>
          <dd>{metric(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
