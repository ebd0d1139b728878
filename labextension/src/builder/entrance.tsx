import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from '../panel/button';
import { useUniqueId } from '../panel/hooks';
import { useWords } from '../words/words';
import type { Assumed, Outline } from './contract';
import { countText, readShape, shapeText, withoutKey } from './numbers';

interface EntranceProps {
  answer: Outline | null;
  assumed: Assumed | null;
  /** Missing where nobody may say what goes in. */
  onAssume: ((assumed: Assumed | null) => void) | undefined;
}

/** What goes in, above the layers: as the data says, or as a person says where that tells nothing. */
export function Entrance({ answer, assumed, onAssume }: EntranceProps): JSX.Element {
  const said = useWords().builder;
  const shape = answer?.input_shape ?? null;
  const why = answer?.why == null ? null : withoutKey(['data'], answer.why);
  return (
    <div class="dlt-stack-end" data-unknown={shape === null}>
      <span class="dlt-built-what">
        <b>{said.input}</b>
        {answer !== null && answer.tokens > 0 ? (
          <span class="dlt-built-summary">{said.tokens(countText(answer.tokens))}</span>
        ) : null}
      </span>
      <span class="dlt-built-shape">{shape === null ? '–' : shapeText(shape)}</span>
      {shape === null && answer !== null ? (
        <p class="dlt-entrance-why">
          {said.unknownInput} {why}
        </p>
      ) : null}
      {onAssume !== undefined && assumed !== null ? (
        <p class="dlt-entrance-why">
          <button type="button" class="dlt-link" onClick={() => onAssume(null)}>
            {said.asTheData}
          </button>
        </p>
      ) : null}
      {onAssume !== undefined && assumed === null && why !== null ? <Assume onAssume={onAssume} /> : null}
    </div>
  );
}

function Assume({ onAssume }: { onAssume: (assumed: Assumed) => void }): JSX.Element {
  const said = useWords().builder;
  const id = useUniqueId();
  const [shape, setShape] = useState('');
  const [outputs, setOutputs] = useState('10');
  const [wrong, setWrong] = useState<string | null>(null);
  const take = () => {
    const read = readShape(shape);
    const count = readShape(outputs);
    if (read === null) {
      setWrong(said.badShape);
    } else if (count?.length !== 1) {
      setWrong(said.badOutputs);
    } else {
      onAssume({ input_shape: read, outputs: count[0] ?? 1 });
    }
  };
  return (
    <details class="dlt-assume">
      <summary>{said.assume}</summary>
      <div
        class="dlt-assume-fields"
        role="group"
        aria-label={said.assume}
        onKeyDown={event => {
          if (event.key === 'Enter' && event.target instanceof HTMLInputElement) {
            event.preventDefault();
            take();
          }
        }}
      >
        <label for={`${id}-shape`}>{said.assumedShape}</label>
        <input
          id={`${id}-shape`}
          class="dlt-input"
          data-own-undo
          value={shape}
          placeholder="3 × 32 × 32"
          autocomplete="off"
          aria-describedby={`${id}-more`}
          onInput={event => setShape(event.currentTarget.value)}
        />
        <label for={`${id}-outputs`}>{said.assumedOutputs}</label>
        <input
          id={`${id}-outputs`}
          class="dlt-input"
          data-own-undo
          inputMode="numeric"
          value={outputs}
          autocomplete="off"
          onInput={event => setOutputs(event.currentTarget.value)}
        />
        <Button label={said.assume} onClick={take} />
        <p id={`${id}-more`} class={wrong === null ? 'dlt-field-what' : 'dlt-field-problem'} role="status">
          {wrong ?? said.assumedHint}
        </p>
      </div>
    </details>
  );
}
