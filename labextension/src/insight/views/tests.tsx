import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { message } from '../../model/run-model';
import { Button, Empty } from '../../panel/button';
import { Icon } from '../../panel/icons';
import { useChanges } from '../../studio/hooks';
import { inLanguage } from '../../words/language';
import type { InsightProps } from '../contract';
import { useReading } from '../model/reading';
import { saveTest } from '../model/test-saving';
import { type TestDesk, testDeskOf } from '../model/test-desk';
import { type TestRun, listTests } from '../model/test-runs';
import { OpenTest } from '../parts/open-test';
import { Failure } from '../parts/states';
import { TestForm } from '../parts/test-form';
import { TestTable } from '../parts/test-table';
import { TESTS, type TestWords } from '../words/tests';

/** Checkpoints measured on whole data sets: what was found, and how to find more. */
export function TestsView(props: InsightProps): JSX.Element {
  const { client, snapshot, gone, language } = props;
  const said = inLanguage(TESTS, language);
  const desk = testDeskOf(client);
  useChanges(desk);
  const [asking, setAsking] = useState(false);
  const [opened, setOpened] = useState<TestRun | null>(null);
  const read = useReading('tests', desk.version, () => listTests(client));
  if (opened !== null) {
    return <OpenTest {...props} test={opened} onBack={() => setOpened(null)} />;
  }
  const save = (test: TestRun, format: 'csv' | 'json') =>
    saveTest(client, test, format).catch((error: unknown) => desk.fail(message(error)));
  return (
    <div class="dlt-tests" aria-busy={desk.running !== null}>
      {asking ? (
        <TestForm
          snapshot={snapshot}
          words={said}
          onCancel={() => setAsking(false)}
          onStart={asked => {
            setAsking(false);
            void desk.start(asked, said);
          }}
        />
      ) : (
        <div class="dlt-settings">
          <Button
            icon="star"
            label={said.start}
            busyLabel={said.testing}
            busy={desk.running !== null}
            disabled={gone || snapshot.checkpoints.length === 0}
            {...(gone ? { title: said.gone } : {})}
            onClick={() => setAsking(true)}
          />
        </div>
      )}
      <Said desk={desk} words={said} />
      {read.error !== null ? (
        <Failure error={read.error} words={said} onAgain={read.again} />
      ) : read.value === null ? (
        <Empty title={said.waiting}> </Empty>
      ) : read.value.length === 0 ? (
        <Empty title={said.emptyTitle}>{said.empty}</Empty>
      ) : (
        <TestTable
          tests={read.value}
          now={snapshot.now}
          disabled={gone}
          words={said}
          language={language}
          onOpen={setOpened}
          onSave={(test, format) => void save(test, format)}
          onDelete={test => void desk.delete(test, said)}
        />
      )}
    </div>
  );
}

/** What a request is doing, or what came of it. */
function Said({ desk, words: said }: { desk: TestDesk; words: TestWords }): JSX.Element {
  const { running, said: outcome } = desk;
  const failed = running === null && outcome?.failed === true;
  return (
    <p class="dlt-test-said" data-failed={failed} role={failed ? 'alert' : 'status'}>
      {running !== null ? (
        <>
          <Icon name="clock" />
          <span>{said.running(running)}</span>
        </>
      ) : outcome !== null ? (
        <>
          <Icon name={outcome.failed ? 'warning' : 'check'} />
          <span>{outcome.text}</span>
        </>
      ) : null}
    </p>
  );
}
