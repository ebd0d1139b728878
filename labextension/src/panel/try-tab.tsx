import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Snapshot, TryResult } from '../contract';
import { count, plural } from '../model/format';
import { type RunModel, message } from '../model/run-model';
import { hasBest, isAlive } from '../model/situation';
import { Button, Empty } from './button';
import { ExampleCard, ExampleTable } from './examples';
import { Icon } from './icons';

const COUNT = 12;

export interface Trial {
  checkpoint: string | number;
  result: TryResult | null;
  error: string | null;
  busy: boolean;
  offset: number;
  start: (checkpoint: string | number, offset: number) => void;
}

/** Predictions of a checkpoint on validation examples; kept while other tabs are looked at. */
export function useTrial(model: RunModel): Trial {
  const [state, setState] = useState<Omit<Trial, 'start'>>({
    checkpoint: 'best',
    result: null,
    error: null,
    busy: false,
    offset: 0
  });
  const newest = useRef(0);
  const start = (checkpoint: string | number, offset: number) => {
    newest.current += 1;
    const mine = newest.current;
    const finish = (part: Partial<Trial>) => {
      if (mine === newest.current) {
        setState(now => ({ ...now, busy: false, ...part }));
      }
    };
    setState(now => ({ ...now, checkpoint, offset, busy: true, error: null }));
    model
      .request('try', { checkpoint, count: COUNT, offset })
      .then(result => finish({ result: result as TryResult }))
      .catch((error: unknown) => finish({ error: message(error) }));
  };
  return { ...state, start };
}

/** What a checkpoint makes of examples it was not trained on. */
export function TryTab({
  trial,
  snapshot,
  gone
}: {
  trial: Trial;
  snapshot: Snapshot;
  gone: boolean;
}): JSX.Element {
  const { result, busy, error } = trial;
  const checkpoint = available(trial.checkpoint, snapshot);
  const ended = result?.items.length === 0;
  if (snapshot.checkpoints.length === 0) {
    return isAlive(snapshot.run) ? (
      <Empty title="Nothing to try yet.">
        As soon as the first checkpoint is written, it can predict here while training goes on.
      </Empty>
    ) : (
      <Empty title="Nothing to try.">The run ended before a checkpoint was written.</Empty>
    );
  }
  return (
    <div class="dlt-try" aria-busy={busy}>
      <div class="dlt-settings">
        <CheckpointChoice trial={trial} snapshot={snapshot} />
        <Button
          icon="star"
          label={result === null ? 'Predict' : ended ? 'From the first' : `Next ${COUNT}`}
          busyLabel="Predicting…"
          busy={busy}
          disabled={gone}
          onClick={() => trial.start(checkpoint, result === null || ended ? 0 : trial.offset + COUNT)}
        />
        <span class="dlt-try-summary" role="status">
          {result === null ? null : <Summary result={result} />}
        </span>
      </div>
      {error === null ? null : (
        <p class="dlt-error" role="alert">
          <Icon name="warning" />
          {error}
        </p>
      )}
      {result === null ? (
        <Empty title={busy ? 'Predicting…' : 'Try a checkpoint.'}>
          {busy
            ? 'The first time, the model is built and its weights are read.'
            : 'It predicts examples it was not trained on; the training isn’t disturbed.'}
        </Empty>
      ) : result.items.length === 0 ? (
        <Empty title="No more examples.">These were all there are to try.</Empty>
      ) : result.items.some(item => item.image !== null) ? (
        <ul class="dlt-examples">
          {result.items.map(item => (
            <ExampleCard key={item.index} item={item} labels={result.labels} />
          ))}
        </ul>
      ) : (
        <ExampleTable result={result} />
      )}
    </div>
  );
}

/** The last checkpoint stands in for the best while none was validated. */
function available(checkpoint: string | number, snapshot: Snapshot): string | number {
  return checkpoint === 'best' && !hasBest(snapshot) ? 'last' : checkpoint;
}

function CheckpointChoice({ trial, snapshot }: { trial: Trial; snapshot: Snapshot }): JSX.Element {
  const steps = snapshot.checkpoints.map(({ step }) => step).sort((a, b) => b - a);
  const gone = typeof trial.checkpoint === 'number' && !steps.includes(trial.checkpoint);
  return (
    <label class="dlt-select">
      <span>Checkpoint</span>
      <select
        value={String(available(trial.checkpoint, snapshot))}
        onChange={event => {
          const { value } = event.currentTarget;
          trial.start(/^\d+$/.test(value) ? Number(value) : value, 0);
        }}
      >
        <option value="best" disabled={!hasBest(snapshot)}>
          best
        </option>
        <option value="last">last</option>
        {gone ? (
          <option value={String(trial.checkpoint)}>step {count(trial.checkpoint as number)} (deleted)</option>
        ) : null}
        {steps.map(step => (
          <option key={step} value={String(step)}>
            step {count(step)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Summary({ result }: { result: TryResult }): JSX.Element {
  const { checkpoint, items, latency_ms } = result;
  const judged = items.filter(item => item.correct !== null);
  const right = judged.filter(item => item.correct === true).length;
  return (
    <>
      {judged.length === 0 ? null : (
        <>
          <b>
            {right} of {judged.length}
          </b>{' '}
          right ·{' '}
        </>
      )}
      step {count(checkpoint.step)} (epoch {checkpoint.epoch}) · {plural(items.length, 'example')} in{' '}
      {latency_ms.toFixed(1)} ms
    </>
  );
}
