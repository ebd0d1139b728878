import type { JSX } from 'preact';
import { metric, percent } from '../../model/format';
import { Icon } from '../../panel/icons';
import type { Item } from '../model/answers';
import type { EvaluationWords } from '../words/evaluation';

/** What an example was taken for, by a sign and in words, and what it is. */
export function Verdict({ item, words }: { item: Item; words: EvaluationWords }): JSX.Element {
  return (
    <span class="dlt-verdict" data-correct={item.correct}>
      {item.correct === null ? null : <Icon name={item.correct ? 'check' : 'cross'} />}
      {item.correct === null ? null : (
        <span class="dlt-hidden">{item.correct ? words.correct : words.wrong}</span>
      )}
      <b>{item.prediction}</b>
    </span>
  );
}

export function Confidence({ value }: { value: number }): JSX.Element {
  return (
    <span class="dlt-confidence">
      <span class="dlt-thin-bar dlt-confidence-bar" aria-hidden="true">
        <span style={{ transform: `scaleX(${value})` }} />
      </span>
      {percent(value)}
    </span>
  );
}

/** How well it did, in one number: how sure it was, its score, or its loss. */
export function Measure({ item, words }: { item: Item; words: EvaluationWords }): JSX.Element | null {
  if (item.confidence !== null) {
    return <Confidence value={item.confidence} />;
  }
  const [name, value] = item.score === null ? [words.loss, item.loss] : [words.score, item.score];
  return (
    <span class="dlt-confidence">
      {name} {metric(value)}
    </span>
  );
}
