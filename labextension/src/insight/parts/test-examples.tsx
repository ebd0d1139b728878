import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { InsightClient } from '../contract';
import { useExamples } from '../model/example-list';
import type { Filter } from '../model/filters';
import type { TestRunInFull } from '../model/test-runs';
import { Listed, said } from '../views/examples';
import { evaluationWords } from '../words/evaluation';
import { ExampleFilter } from './example-filter';
import { ExampleZoom } from './example-zoom';
import { Failure } from './states';

const PAGE = 48;
const REST_MS = 120;

/** What became of each example of a test run. */
export function TestExamples(props: {
  client: InsightClient;
  test: TestRunInFull;
  language: string;
  filter: Filter;
  onFilter: (filter: Filter) => void;
}): JSX.Element {
  const { client, test, language, filter } = props;
  const words = evaluationWords(language);
  const [zoomed, setZoomed] = useState<number | null>(null);
  const list = useExamples(client, { test_run: test.number, ...filter }, PAGE, REST_MS);
  const { about, items, error } = list;
  const labels = about?.labels ?? test.labels;
  const task = about?.task ?? test.summary?.task ?? 'classification';
  return (
    <section class="dlt-examples-view" aria-label={words.examplesAxis} data-zoomed={zoomed !== null}>
      <ExampleFilter filter={filter} labels={labels} task={task} words={words} onChange={props.onFilter} />
      <p class="dlt-score" role="status">
        {about === null ? words.loading : said(about.total, about.kept, about.count_of_set, filter, words)}
      </p>
      {error !== null && items.length === 0 ? (
        <Failure error={error} words={words} onAgain={() => list.again()} />
      ) : (
        <Listed list={list} labels={labels} words={words} onOpen={setZoomed} />
      )}
      {zoomed === null || about === null ? null : (
        <ExampleZoom
          client={client}
          items={items}
          at={zoomed}
          total={about.total}
          labels={labels}
          // Where a model looked can only be asked of validation examples.
          checkpoint={null}
          words={words}
          onMove={to => to < items.length && setZoomed(to)}
          onClose={() => setZoomed(null)}
        />
      )}
    </section>
  );
}
