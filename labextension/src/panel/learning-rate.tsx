import type { JSX } from 'preact';
import { learningRate } from '../model/format';
import type { RunModel } from '../model/run-model';
import { NumberForm } from './number-form';

/** Reads a learning rate as people write it; `null` if it is none. */
export function parseRate(text: string): number | null {
  const trimmed = text.trim();
  const value = Number(trimmed);
  return trimmed !== '' && Number.isFinite(value) && value > 0 ? value : null;
}

/** Changes the learning rate in place, where the buttons were. */
export function LearningRate(props: {
  model: RunModel;
  present: number | null;
  onDone: () => void;
}): JSX.Element {
  return (
    <NumberForm
      label="Learning rate"
      first={props.present === null ? '' : learningRate(props.present)}
      parse={parseRate}
      hints={['from the next step', 'a number above 0']}
      width={8}
      inputMode="decimal"
      yes="Set"
      no="Cancel"
      onAnswer={rate => {
        props.onDone();
        if (rate !== null) {
          void props.model.steer('set', { learning_rate: rate });
        }
      }}
    />
  );
}
