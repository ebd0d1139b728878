import type { ComponentChildren, JSX } from 'preact';
import type { Unit } from '../charts/pictures';
import { Button } from './button';
import { useUniqueId } from './hooks';

/** How the charts are drawn; the same for all of them. */
export function ChartSettings(props: {
  log: boolean;
  smoothing: number;
  unit: Unit;
  epochsKnown: boolean;
  onLog: (log: boolean) => void;
  onSmoothing: (smoothing: number) => void;
  onUnit: (unit: Unit) => void;
  children: ComponentChildren;
}): JSX.Element {
  const id = useUniqueId();
  const shown = props.smoothing === 0 ? 'off' : `${props.smoothing} %`;
  return (
    <div class="dlt-settings" role="group" aria-label="Chart settings">
      {props.children}
      <span class="dlt-spring" />
      <Button label="Log y" kind="quiet" pressed={props.log} onClick={() => props.onLog(!props.log)} />
      <span class="dlt-smooth">
        <label for={id}>Smooth</label>
        <input
          id={id}
          type="range"
          min="0"
          max="10"
          step="0.5"
          value={props.smoothing}
          aria-valuetext={props.smoothing === 0 ? 'off' : `over ${props.smoothing} percent of the axis`}
          title="Moving average over this share of the axis"
          onInput={event => props.onSmoothing(Number(event.currentTarget.value))}
        />
        <output for={id}>{shown}</output>
      </span>
      <Segments unit={props.unit} epochsKnown={props.epochsKnown} onUnit={props.onUnit} />
    </div>
  );
}

function Segments(props: { unit: Unit; epochsKnown: boolean; onUnit: (unit: Unit) => void }): JSX.Element {
  const units: [Unit, string, boolean][] = [
    ['step', 'Step', false],
    ['epoch', 'Epoch', !props.epochsKnown]
  ];
  return <Choice label="Horizontal axis" value={props.unit} options={units} onChoose={props.onUnit} />;
}

/** One of a few, side by side. */
export function Choice<T extends string>(props: {
  label: string;
  value: T;
  options: [value: T, label: string, disabled: boolean][];
  onChoose: (value: T) => void;
}): JSX.Element {
  const name = useUniqueId();
  return (
    <fieldset class="dlt-choice">
      <legend class="dlt-hidden">{props.label}</legend>
      {props.options.map(([value, label, disabled]) => (
        <label key={value}>
          <input
            type="radio"
            name={name}
            checked={value === props.value}
            disabled={disabled}
            onChange={() => props.onChoose(value)}
          />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
