import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { onOneLine as written } from '../model/yaml-write';
import { useFormWords } from './words';
import type { FormField } from './contract';
import { type ControlProps, useSurroundings } from './surroundings';

/**
 * What a person types, until it has become a value. A text that comes from elsewhere, such as by undo, takes its
 * place.
 */
function useTyped(text: string): {
  text: string;
  type: (typed: string, becomes: string[]) => void;
  leave: () => void;
} {
  const [typed, setTyped] = useState<string | null>(null);
  // What stands in the configuration because of it.
  const wrote = useRef([text]);
  // Before another key: by then this text would be none of those that the key has become.
  useLayoutEffect(() => {
    if (!wrote.current.some(it => it.trim() === text.trim())) {
      wrote.current = [text];
      setTyped(null);
    }
  }, [text]);
  return {
    text: typed ?? text,
    type: (next, becomes) => {
      wrote.current = becomes;
      setTyped(next);
    },
    leave: () => setTyped(null)
  };
}

interface LineProps extends ControlProps {
  shown: string;
  placeholder: string;
  mode?: 'decimal' | 'numeric' | 'text';
  /** Reads what was typed, writes it down, and gives how that may be shown. */
  onText: (text: string) => string[];
  onKeyDown?: (event: KeyboardEvent) => void;
  code?: boolean;
  /** Whether what was typed stays when one leaves, since it couldn't be written down. */
  stays?: boolean;
}

/** A field of one line, which keeps what is typed until that has become a value. */
export function Line(props: LineProps): JSX.Element {
  const { disabled } = useSurroundings();
  const typed = useTyped(props.shown);
  return (
    <input
      id={props.id}
      class={`dlt-input dlt-field-line ${props.code === true ? 'dlt-field-code' : ''}`}
      {...(props.field.secret === true ? { type: 'password' as 'text' } : {})}
      value={typed.text}
      placeholder={props.placeholder}
      inputMode={props.mode ?? 'text'}
      autocomplete="off"
      autocapitalize="off"
      spellcheck={false}
      disabled={disabled}
      aria-invalid={props.invalid}
      aria-required={props.field.required === true}
      aria-label={props.named}
      aria-describedby={props.describedBy}
      onInput={event => {
        const text = event.currentTarget.value;
        typed.type(text, props.onText(text));
      }}
      onKeyDown={props.onKeyDown}
      onBlur={() => props.stays !== true && typed.leave()}
    />
  );
}

/** What is written where nothing is, as a hint. */
export function useFallbackText(field: FormField, fallback: unknown): string {
  const form = useFormWords();
  if (field.required === true && (fallback === undefined || fallback === null)) {
    return form.required;
  }
  return fallback === undefined || fallback === null || fallback === '' ? form.notSet : written(fallback);
}
