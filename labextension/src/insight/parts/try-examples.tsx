import type { JSX } from 'preact';
import { milliseconds } from '../../model/prediction';
import { Button, Empty } from '../../panel/button';
import { Icon } from '../../panel/icons';
import { inLanguage } from '../../words/language';
import type { CheckpointName } from '../model/asking';
import { COUNT, type Trial } from '../model/trial';
import { TRIAL, type TrialWords } from '../words/trial';
import { ExampleCard, ExampleTable } from './tried';

/** Validation examples, some at a time, and what a checkpoint makes of them. */
export function TryExamples(props: {
  trial: Trial;
  checkpoint: CheckpointName;
  disabled: boolean;
  language: string;
}): JSX.Element {
  const { trial, checkpoint } = props;
  const said = inLanguage(TRIAL, props.language);
  const { result, busy, error } = trial;
  const ended = result?.items.length === 0;
  const label = result === null ? said.predict : ended ? said.first : said.next(COUNT);
  return (
    <div class="dlt-try-examples" aria-busy={busy}>
      <div class="dlt-settings">
        <Button
          icon="star"
          label={label}
          busyLabel={said.working}
          busy={busy}
          disabled={props.disabled}
          onClick={() => trial.start(checkpoint, result === null || ended ? 0 : trial.offset + COUNT)}
        />
        <span class="dlt-try-summary" role="status">
          {result === null ? null : <Summary trial={trial} said={said} />}
        </span>
      </div>
      {error === null ? null : (
        <p class="dlt-error" role="alert">
          <Icon name="warning" />
          {error}
        </p>
      )}
      {result === null ? (
        <Empty title={busy ? said.working : said.tryTitle}>{busy ? said.firstTime : said.try}</Empty>
      ) : ended ? (
        <Empty title={said.endTitle}>{said.end}</Empty>
      ) : result.items.some(item => item.image !== null) ? (
        <ul class="dlt-examples">
          {result.items.map(item => (
            <ExampleCard key={item.index} item={item} labels={result.labels} language={props.language} />
          ))}
        </ul>
      ) : (
        <ExampleTable result={result} language={props.language} />
      )}
    </div>
  );
}

function Summary({ trial, said }: { trial: Trial; said: TrialWords }): JSX.Element | null {
  if (trial.result === null) {
    return null;
  }
  const { checkpoint, items, latency_ms } = trial.result;
  const judged = items.filter(item => item.correct !== null);
  const right = judged.filter(item => item.correct === true).length;
  return (
    <>
      {judged.length === 0 ? null : (
        <>
          <b>{said.right(right, judged.length)}</b> ·{' '}
        </>
      )}
      {said.facts(checkpoint.step, checkpoint.epoch)} · {said.examples(items.length)} ·{' '}
      {milliseconds(latency_ms)}
    </>
  );
}
