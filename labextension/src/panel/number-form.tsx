import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Button } from './button';
import { useUniqueId } from './hooks';

interface NumberFormProps {
  label: string;
  /** What it begins with. */
  first: string;
  /** Reads what is written; `null` if it won't do. */
  parse: (text: string) => number | null;
  /** What is said beside a number that will do, and beside one that won't. */
  hints: [good: string, bad: string];
  width: number;
  inputMode: 'decimal' | 'numeric';
  yes: string;
  no: string;
  placeholder?: string;
  /** `null` means that it stays as it is. */
  onAnswer: (number: number | null) => void;
}

/** Asks for a number in place, where the buttons were. Escape means no. */
export function NumberForm(props: NumberFormProps): JSX.Element {
  const { onAnswer } = props;
  const [text, setText] = useState(props.first);
  const input = useRef<HTMLInputElement>(null);
  const id = useUniqueId();
  const number = props.parse(text);
  // Nothing is wrong yet where nothing is written.
  const bad = number === null && text + props.first !== '';
  // At once: what is typed meanwhile would go elsewhere, or be selected and typed over.
  useLayoutEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  return (
    <form
      class="dlt-ask"
      onSubmit={event => {
        event.preventDefault();
        if (number !== null) {
          onAnswer(number);
        }
      }}
      onKeyDown={event => {
        // What is around it has shortcuts on plain letters and digits.
        event.stopPropagation();
        if (event.key === 'Escape') {
          onAnswer(null);
        }
      }}
    >
      <label class="dlt-ask-question" for={id}>
        {props.label}
      </label>
      <input
        id={id}
        ref={input}
        class="dlt-input"
        value={text}
        size={props.width}
        placeholder={props.placeholder}
        inputMode={props.inputMode}
        autocomplete="off"
        spellcheck={false}
        aria-invalid={bad}
        aria-describedby={`${id}-hint`}
        onInput={event => setText(event.currentTarget.value)}
      />
      <span class="dlt-hint" id={`${id}-hint`} data-bad={bad}>
        {props.hints[number === null ? 1 : 0]}
      </span>
      <Button
        label={props.yes}
        kind="primary"
        disabled={number === null}
        onClick={() => input.current?.form?.requestSubmit()}
      />
      <Button label={props.no} onClick={() => onAnswer(null)} />
    </form>
  );
}
