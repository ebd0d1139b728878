import type { ComponentChildren, JSX } from 'preact';
import { type ChartWords, chartsEn } from '../words/charts';
import { Button } from './button';
import { useUniqueId } from './hooks';

/** How the charts are drawn; the same for all of them. */
export function ChartSettings<Unit extends string>(props: {
  log: boolean;
  smoothing: number;
  unit: Unit;
  /** What the horizontal axis may show. */
  units: [unit: Unit, label: string, disabled: boolean][];
  onLog: (log: boolean) => void;
  onSmoothing: (smoothing: number) => void;
  onUnit: (unit: Unit) => void;
  /** In another language than English. */
  words?: ChartWords;
  children: ComponentChildren;
}): JSX.Element {
  const { words = chartsEn } = props;
  const id = useUniqueId();
  const shown = props.smoothing === 0 ? words.off : `${props.smoothing} %`;
  return (
    <div class="dlt-settings" role="group" aria-label={words.title}>
      {props.children}
      <span class="dlt-spring" />
      <Button label={words.log} kind="quiet" pressed={props.log} onClick={() => props.onLog(!props.log)} />
      <span class="dlt-smooth">
        <label for={id}>{words.smooth}</label>
        <input
          id={id}
          type="range"
          min="0"
          max="10"
          step="0.5"
          value={props.smoothing}
          aria-valuetext={shown}
          title={words.smoothHint}
          onInput={event => props.onSmoothing(Number(event.currentTarget.value))}
        />
        <output for={id}>{shown}</output>
      </span>
      <Choice label={words.axis} value={props.unit} options={props.units} onChoose={props.onUnit} />
    </div>
  );
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
