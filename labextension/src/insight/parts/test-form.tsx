import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Snapshot } from '../../contract';
import { Button } from '../../panel/button';
import { useUniqueId } from '../../panel/hooks';
import type { CheckpointName } from '../model/asking';
import { CheckpointChoice, available } from './checkpoint-choice';
import type { TestWords } from '../words/tests';

/** Asks which checkpoint is to be measured on which data. */
export function TestForm(props: {
  snapshot: Snapshot;
  words: TestWords;
  onStart: (asked: { data: string; checkpoint: CheckpointName }) => void;
  onCancel: () => void;
}): JSX.Element {
  const { snapshot, words: said } = props;
  const [data, setData] = useState('');
  const [checkpoint, setCheckpoint] = useState<CheckpointName>('best');
  const input = useRef<HTMLInputElement>(null);
  const id = useUniqueId();
  useLayoutEffect(() => input.current?.focus(), []);
  const start = () => props.onStart({ data: data.trim(), checkpoint: available(checkpoint, snapshot) });
  return (
    <form
      class="dlt-test-form"
      aria-label={said.title}
      onSubmit={event => {
        event.preventDefault();
        start();
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          props.onCancel();
        }
      }}
    >
      <label for={id} class="dlt-muted">
        {said.data}
      </label>
      <input
        id={id}
        ref={input}
        class="dlt-input"
        value={data}
        placeholder={said.dataHint}
        onInput={event => setData(event.currentTarget.value)}
      />
      <CheckpointChoice chosen={checkpoint} snapshot={snapshot} words={said} onChoose={setCheckpoint} />
      <Button label={said.test} kind="primary" onClick={start} />
      <Button label={said.cancel} onClick={props.onCancel} />
    </form>
  );
}
