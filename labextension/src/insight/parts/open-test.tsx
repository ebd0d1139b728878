import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { shortDigest } from '../../model/prediction';
import { Button, Empty } from '../../panel/button';
import { inLanguage } from '../../words/language';
import type { InsightProps } from '../contract';
import { totals } from '../model/cells';
import { EVERYTHING, type Filter } from '../model/filters';
import { useReading } from '../model/reading';
import { headline } from '../model/scores';
import { type TestRun, type TestRunInFull, confusionOf, nameOf, readTest } from '../model/test-runs';
import { evaluationWords } from '../words/evaluation';
import { TESTS } from '../words/tests';
import { ClassScores } from './class-scores';
import { ConfusionMatrix } from './confusion-matrix';
import { ExampleBrowser } from './example-browser';
import { Notes } from './notes';
import { Overall } from './overall';
import { Failure } from './states';

/** One test run: its metrics, its confusion matrix and its examples. */
export function OpenTest(props: InsightProps & { test: TestRun; onBack: () => void }): JSX.Element {
  const { client, test, language } = props;
  const said = inLanguage(TESTS, language);
  const words = evaluationWords(language);
  const read = useReading(`test ${test.number}`, 0, () => readTest(client, test.number));
  const { value } = read;
  const { step, epoch } = test.checkpoint;
  const metrics = Object.entries(test.metrics).map(([name, number]) => ({
    name,
    group: null,
    value: number
  }));
  // What the metrics tell as well isn't told twice.
  const more = value?.summary == null ? [] : headline(value.summary);
  const scores = [...metrics, ...more.filter(({ name, value: one }) => test.metrics[name] !== one)];
  return (
    <div class="dlt-test">
      <div class="dlt-settings">
        <Button icon="back" label={said.back} kind="quiet" autoFocus onClick={props.onBack} />
        <h4 class="dlt-test-title">
          #{test.number} {said.of(nameOf(test, said.heldBack), step, epoch, shortDigest(test.digest))}
        </h4>
      </div>
      <Overall scores={scores} words={words} />
      <Notes notes={test.notes ?? []} language={language} />
      {read.error !== null ? (
        <Failure error={read.error} words={said} onAgain={read.again} />
      ) : value === null ? (
        <Empty title={said.waiting}>{null}</Empty>
      ) : (
        <Found {...props} test={value} />
      )}
    </div>
  );
}

function Found(props: Pick<InsightProps, 'client' | 'language'> & { test: TestRunInFull }): JSX.Element {
  const { client, test, language } = props;
  const [filter, setFilter] = useState<Filter>(EVERYTHING);
  const { truth, predicted } = filter;
  const marked = truth === null || predicted === null ? null : { truth, predicted };
  const words = evaluationWords(language);
  const matrix = useMemo(() => {
    const confusion = confusionOf(test);
    const counts = confusion === null ? null : Int32Array.from(confusion.matrix.flat());
    return counts === null ? null : { epoch: test.checkpoint.epoch, labels: test.labels, counts };
  }, [test]);
  const sums = useMemo(
    () => (matrix === null ? null : totals(matrix.counts, matrix.labels.length)),
    [matrix]
  );
  return (
    <div class="dlt-metrics-body">
      {matrix === null || sums === null ? null : (
        <div class="dlt-confusion-body">
          <ConfusionMatrix
            matrix={matrix}
            sums={sums}
            shown="counts"
            marked={marked}
            words={words}
            onPick={cell => setFilter({ ...EVERYTHING, ...cell, sort: '-confidence' })}
          />
        </div>
      )}
      {test.summary === null ? null : <ClassScores summary={test.summary} words={words} />}
      <ExampleBrowser
        client={client}
        of={{ test_run: test.number }}
        filter={filter}
        labels={test.labels}
        task={test.summary?.task ?? 'classification'}
        // Where a model looked can only be asked of validation examples.
        checkpoint={null}
        words={words}
        onFilter={setFilter}
      />
    </div>
  );
}
