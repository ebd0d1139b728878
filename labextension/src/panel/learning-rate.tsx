import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { learningRate } from '../model/format';
import type { RunModel } from '../model/run-model';
import { Button } from './button';
import { useUniqueId } from './hooks';

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
  const [text, setText] = useState(props.present === null ? '' : learningRate(props.present));
  const input = useRef<HTMLInputElement>(null);
  const id = useUniqueId();
  const rate = parseRate(text);
  useEffect(() => input.current?.select(), []);
  const submit = (event: Event) => {
    event.preventDefault();
    if (rate !== null) {
      props.onDone();
      void props.model.steer('set', { learning_rate: rate });
    }
  };
  return (
    <form
      class="dlt-ask"
      onSubmit={submit}
      onKeyDown={event => {
        // The notebook has shortcuts on plain letters and digits.
        event.stopPropagation();
        if (event.key === 'Escape') {
          props.onDone();
        }
      }}
    >
      <label class="dlt-ask-question" for={id}>
        Learning rate
      </label>
      <input
        id={id}
        ref={input}
        class="dlt-input"
        value={text}
        size={8}
        inputMode="decimal"
        autocomplete="off"
        spellcheck={false}
        aria-invalid={rate === null}
        aria-describedby={`${id}-hint`}
        onInput={event => setText(event.currentTarget.value)}
      />
      <span class="dlt-hint" id={`${id}-hint`} data-bad={rate === null}>
        {rate === null ? 'a number above 0' : 'from the next step'}
      </span>
      <Button
        label="Set"
        kind="primary"
        disabled={rate === null}
        onClick={() => input.current?.form?.requestSubmit()}
      />
      <Button label="Cancel" onClick={props.onDone} />
    </form>
  );
}
