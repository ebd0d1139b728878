import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { metric } from '../../model/format';
import { shortDigest } from '../../model/prediction';
import { Button, Empty } from '../../panel/button';
import { inLanguage } from '../../words/language';
import type { InsightProps } from '../contract';
import { totals } from '../model/cells';
import { EVERYTHING, type Filter } from '../model/filters';
import { useReading } from '../model/reading';
import { type TestRun, type TestRunInFull, confusionOf, nameOf, readTest } from '../model/test-runs';
import { Classes, Overall } from '../views/metrics';
import { evaluationWords } from '../words/evaluation';
import { TESTS } from '../words/tests';
import { Drawn } from '../views/confusion';
import { TestExamples } from './test-examples';

/** One test run: its metrics, its confusion matrix and its examples. */
export function OpenTest(props: InsightProps & { test: TestRun; onBack: () => void }): JSX.Element {
  const { client, test, language } = props;
  const said = inLanguage(TESTS, language);
  const words = evaluationWords(language);
  const read = useReading(`test ${test.number}`, 0, () => readTest(client, test.number));
  const { value } = read;
  const { step, epoch } = test.checkpoint;
  // What the summary tells as well stands there.
  const metrics = Object.entries(test.metrics).filter(([name]) => !(name in (value?.summary?.overall ?? {})));
  return (
    <div class="dlt-test">
      <div class="dlt-settings">
        <Button icon="back" label={said.back} kind="quiet" autoFocus onClick={props.onBack} />
        <h4 class="dlt-test-title">
          {said.of(nameOf(test, said.heldBack), step, epoch, shortDigest(test.digest))}
        </h4>
      </div>
      <dl class="dlt-overall">
        {metrics.map(([name, number]) => (
          <div key={name}>
            <dt>{words.names[name] ?? name.replaceAll('_', ' ')}</dt>
            <dd>{metric(number)}</dd>
          </div>
        ))}
      </dl>
      {test.notes === undefined || test.notes.length === 0 ? null : (
        <ul class="dlt-notes">
          {test.notes.map(note => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {read.error !== null ? (
        <Empty title={said.failedTitle}>
          <span role="alert">{read.error}</span>{' '}
          <Button icon="reset" label={said.again} onClick={read.again} />
        </Empty>
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
      {test.summary === null ? null : <Overall summary={test.summary} words={words} />}
      {matrix === null || sums === null ? null : (
        <div class="dlt-confusion-body">
          <Drawn
            matrix={matrix}
            sums={sums}
            shown="counts"
            marked={marked}
            words={words}
            onPick={cell => setFilter({ ...EVERYTHING, ...cell, sort: '-confidence' })}
          />
        </div>
      )}
      {test.summary === null ? null : <Classes summary={test.summary} words={words} />}
      <TestExamples {...{ client, test, language, filter }} onFilter={setFilter} />
    </div>
  );
}
