import type { JSX } from 'preact';
import type { Snapshot } from '../../contract';
import { hasBest } from '../../model/situation';
import type { CheckpointName } from '../model/asking';

export interface CheckpointWords {
  checkpoint: string;
  best: string;
  last: string;
  step: (step: number) => string;
  deleted: (step: number) => string;
}

/** The last checkpoint stands in for the best while none was validated. */
export function available(checkpoint: CheckpointName, snapshot: Snapshot): CheckpointName {
  return checkpoint === 'best' && !hasBest(snapshot) ? 'last' : checkpoint;
}

/** Which weights answer: the best, the last, or those of any step that are kept. */
export function CheckpointChoice(props: {
  chosen: CheckpointName;
  snapshot: Snapshot;
  words: CheckpointWords;
  onChoose: (checkpoint: CheckpointName) => void;
}): JSX.Element {
  const { chosen, snapshot, words } = props;
  const steps = snapshot.checkpoints.map(({ step }) => step).sort((a, b) => b - a);
  return (
    <label class="dlt-select">
      <span>{words.checkpoint}</span>
      <select
        value={String(available(chosen, snapshot))}
        onChange={event => {
          const { value } = event.currentTarget;
          props.onChoose(value === 'best' || value === 'last' ? value : Number(value));
        }}
      >
        <option value="best" disabled={!hasBest(snapshot)}>
          {words.best}
        </option>
        <option value="last">{words.last}</option>
        {typeof chosen === 'number' && !steps.includes(chosen) ? (
          <option value={String(chosen)}>{words.deleted(chosen)}</option>
        ) : null}
        {steps.map(step => (
          <option key={step} value={String(step)}>
            {words.step(step)}
          </option>
        ))}
      </select>
    </label>
  );
}
