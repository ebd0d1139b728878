import type { JSX } from 'preact';
import { Button } from '../../panel/button';
import { useUniqueId } from '../../panel/hooks';
import { inLanguage } from '../../words/language';
import type { Asking } from '../model/asking';
import type { InputKind } from '../model/input-kind';
import { TRIAL } from '../words/trial';
import { AnswerCard } from './answer-card';
import { AnswerTable } from './answer-table';

/** A text, or rows of values, and what the model says of them. */
export function TryText(props: {
  asking: Asking;
  text: string;
  input: InputKind;
  heatmap: boolean;
  disabled: boolean;
  language: string;
  onText: (text: string) => void;
  onAsk: () => void;
}): JSX.Element {
  const { asking, text, input, disabled } = props;
  const said = inLanguage(TRIAL, props.language);
  const id = useUniqueId();
  const ready = text.trim() !== '' && !disabled;
  const rows = input.kind === 'rows';
  return (
    <>
      <form
        class="dlt-text"
        onSubmit={event => {
          event.preventDefault();
          if (ready) {
            props.onAsk();
          }
        }}
      >
        <label for={id}>{rows ? said.rows : said.text}</label>
        <textarea
          id={id}
          class="dlt-input"
          rows={3}
          spellcheck={!rows}
          value={text}
          placeholder={
            input.features?.join(', ') ?? (input.width === null ? said.textHint : said.rowsHint(input.width))
          }
          onInput={event => props.onText(event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && ready) {
              event.preventDefault();
              event.stopPropagation();
              props.onAsk();
            }
          }}
        />
        <div class="dlt-text-buttons">
          <Button
            icon="star"
            label={said.predict}
            busyLabel={said.working}
            busy={asking.busy}
            disabled={!ready}
            kind="primary"
            onClick={props.onAsk}
          />
          <span class="dlt-hint">{said.keys}</span>
        </div>
      </form>
      {asking.source === null ? null : asking.outcomes.length > 1 ? (
        <AnswerTable asking={asking} heatmap={props.heatmap} language={props.language} />
      ) : (
        <AnswerCard asking={asking} heatmap={props.heatmap} language={props.language} />
      )}
    </>
  );
}
