import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../panel/button';
import { useUniqueId } from '../panel/hooks';
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
  const words = useWords();
  const [text, setText] = useState(String(2 * epochs));
  const input = useRef<HTMLInputElement>(null);
  const id = useUniqueId();
  const wanted = parseEpochs(text, epochs);
  useEffect(() => input.current?.select(), []);
  return (
    <form
      class="dlt-ask"
      onSubmit={event => {
        event.preventDefault();
        if (wanted !== null) {
          onAnswer(wanted);
        }
      }}
      onKeyDown={event => {
        // What is around it has shortcuts on plain digits.
        event.stopPropagation();
        if (event.key === 'Escape') {
          onAnswer(null);
        }
      }}
    >
      <label class="dlt-ask-question" for={id}>
        {words.run.extendTo}
      </label>
      <input
        id={id}
        ref={input}
        class="dlt-input"
        value={text}
        size={7}
        inputMode="numeric"
        autocomplete="off"
        aria-invalid={wanted === null}
        aria-describedby={`${id}-hint`}
        onInput={event => setText(event.currentTarget.value)}
      />
      <span class="dlt-hint" id={`${id}-hint`} data-bad={wanted === null}>
        {words.run.extendHint(epochs)}
      </span>
      <Button
        label={words.run.extendNow}
        kind="primary"
        disabled={wanted === null}
        onClick={() => input.current?.form?.requestSubmit()}
      />
      <Button label={words.actions.cancel} onClick={() => onAnswer(null)} />
    </form>
  );
}
