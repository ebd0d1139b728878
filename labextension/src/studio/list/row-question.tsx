import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Ask, Button } from '../../panel/button';
import { useUniqueId } from '../../panel/hooks';
import { parseRate } from '../../panel/learning-rate';
import { useWords } from '../../words/words';
import type { RunRow } from '../contract';
import type { Question } from './row-menu';

/** Asks once, in the row it is about. Calls back with what to do, or with nothing. */
export function RowQuestion(props: {
  row: RunRow;
  question: Question;
  onAnswer: (args: Record<string, unknown> | null) => void;
}): JSX.Element {
  const { row, question, onAnswer } = props;
  const { list } = useWords();
  if (question === 'set') {
    return <RateForm onAnswer={onAnswer} />;
  }
  const [text, yes, no] =
    question === 'delete'
      ? [list.askDelete(row.name), list.delete, list.keep]
      : [list.askStop(row.name), list.stop, list.keepTraining];
  return <Ask question={text} yes={yes} no={no} onAnswer={sure => onAnswer(sure ? {} : null)} />;
}

function RateForm({ onAnswer }: { onAnswer: (args: Record<string, unknown> | null) => void }): JSX.Element {
  const { list, actions } = useWords();
  const [text, setText] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const id = useUniqueId();
  const rate = parseRate(text);
  useEffect(() => input.current?.focus(), []);
  return (
    <form
      class="dlt-ask"
      onSubmit={event => {
        event.preventDefault();
        if (rate !== null) {
          onAnswer({ learning_rate: rate });
        }
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          onAnswer(null);
        }
      }}
    >
      <label class="dlt-ask-question" for={id}>
        {list.learningRate}
      </label>
      <input
        id={id}
        ref={input}
        class="dlt-input"
        value={text}
        size={6}
        placeholder="1e-3"
        title={list.rateHint}
        aria-description={list.rateHint}
        inputMode="decimal"
        autocomplete="off"
        spellcheck={false}
        aria-invalid={text !== '' && rate === null}
        onInput={event => setText(event.currentTarget.value)}
      />
      <Button
        label={actions.set}
        kind="primary"
        disabled={rate === null}
        onClick={() => input.current?.form?.requestSubmit()}
      />
      <Button label={actions.cancel} onClick={() => onAnswer(null)} />
    </form>
  );
}
