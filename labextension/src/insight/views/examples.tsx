import type { JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { Empty } from '../../panel/button';
import type { InsightProps } from '../contract';
import { type Evaluations, useEvaluations } from '../model/evaluations';
import { type Filter, filterOf, keepFilter, lookingCheckpoint } from '../model/filters';
import { EpochSlider } from '../parts/epoch-slider';
import { ExampleBrowser } from '../parts/example-browser';
import { Validated } from '../parts/states';
import { type EvaluationWords, evaluationWords } from '../words/evaluation';

/** What a validation made of single examples. */
export function ExamplesView(props: InsightProps): JSX.Element {
  const words = evaluationWords(props.language);
  const evaluations = useEvaluations(props);
  return (
    <Validated evaluations={evaluations} snapshot={props.snapshot} words={words}>
      {() => <Examples {...props} evaluations={evaluations} words={words} />}
    </Validated>
  );
}

type ExamplesProps = InsightProps & { evaluations: Evaluations; words: EvaluationWords };

function Examples({ client, snapshot, evaluations, words }: ExamplesProps): JSX.Element {
  const { epoch } = evaluations;
  const [filter, setFilter] = useState<Filter>(() => filterOf(client));
  // Before another view can be chosen, which would forget it.
  useLayoutEffect(() => keepFilter(client, filter), [client, filter]);
  const newest = evaluations.epochs.at(-1);
  const found = newest === undefined ? undefined : evaluations.evaluation(newest);
  if (found?.has_examples === false) {
    return <Empty title={words.noneKeptTitle}>{words.noneKept}</Empty>;
  }
  return (
    <>
      <div class="dlt-settings">
        <EpochSlider evaluations={evaluations} words={words} />
      </div>
      <ExampleBrowser
        client={client}
        of={epoch === null ? null : { epoch }}
        filter={filter}
        labels={evaluations.labels}
        task={found?.summary?.task ?? 'classification'}
        checkpoint={lookingCheckpoint(snapshot, epoch)}
        words={words}
        onFilter={setFilter}
      />
    </>
  );
}
