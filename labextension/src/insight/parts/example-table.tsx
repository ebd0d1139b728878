import type { JSX } from 'preact';
import { metric } from '../../model/format';
import type { Item } from '../model/answers';
import type { EvaluationWords } from '../words/evaluation';
import { Confidence, Verdict } from './example-facts';

/** Features beyond these are left to the download. */
const MOST_FEATURES = 24;

/** Examples without pictures, such as rows of a table, and what each was taken for. */
export function ExampleTable(props: {
  items: Item[];
  names: string[] | null;
  words: EvaluationWords;
}): JSX.Element {
  const { items, words } = props;
  const widest = Math.min(MOST_FEATURES, Math.max(0, ...items.map(item => item.features?.length ?? 0)));
  const columns = Array.from({ length: widest }, (_, i) => props.names?.[i] ?? String(i));
  const sure = items.some(item => item.confidence !== null);
  return (
    <table class="dlt-table dlt-example-table">
      <thead>
        <tr>
          <th scope="col">#</th>
          <th scope="col" class="dlt-left">
            {words.predictionAxis}
          </th>
          <th scope="col" class="dlt-left">
            {words.truthAxis}
          </th>
          {sure ? <th scope="col">{words.confidence}</th> : null}
          <th scope="col">{words.loss}</th>
          {columns.map((name, i) => (
            <th scope="col" class="dlt-feature-name" key={i}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map(item => (
          <tr key={item.index} data-correct={item.correct}>
            <th scope="row">{item.index}</th>
            <td class="dlt-left">
              <Verdict item={item} words={words} />
            </td>
            <td class="dlt-left">{item.truth}</td>
            {sure ? <td>{item.confidence === null ? '–' : <Confidence value={item.confidence} />}</td> : null}
            <td>{metric(item.loss)}</td>
            {columns.map((_, i) => (
              <td class="dlt-features" key={i}>
                {metric(item.features?.[i])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
