import type { JSX } from 'preact';
import { NumberForm } from '../panel/number-form';
import { useWords } from '../words/words';

/** A number of epochs above the present one; `null` if it is none. */
export function parseEpochs(text: string, present: number): number | null {
  const trimmed = text.trim();
  const number = Number(trimmed);
  return /^\d+$/.test(trimmed) && Number.isSafeInteger(number) && number > present ? number : null;
}

/** Asks, where the buttons were, how many epochs an ended run shall have in all. */
export function TrainLonger(props: {
  /** What it has so far. */
  epochs: number;
  /** `null` means that it stays as it is. */
  onAnswer: (epochs: number | null) => void;
}): JSX.Element {
  const { epochs, onAnswer } = props;
  const { run: said, actions } = useWords();
  const hint = said.extendHint(epochs);
  return (
    <NumberForm
      label={said.extendTo}
      first={String(2 * epochs)}
      parse={text => parseEpochs(text, epochs)}
      hints={[hint, hint]}
      width={7}
      inputMode="numeric"
      yes={said.extendNow}
      no={actions.cancel}
      onAnswer={onAnswer}
    />
  );
}
