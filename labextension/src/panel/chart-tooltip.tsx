import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RateChange } from '../charts/pictures';
import type { EpochScale } from '../model/axis';
import { type Family, type Role, type Series, nearest, title } from '../model/families';
import { count, learningRate, metric } from '../model/format';

/** A point and the room around it, in CSS pixels within the grid of charts. */
export interface Place {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Hover extends Place {
  step: number;
}

/** Carries the pointer from the charts to the tooltip, and to nothing else: it moves often. */
export class Pointer<At extends Place> {
  listener: (hover: At | null) => void = () => undefined;

  move(hover: At | null): void {
    this.listener(hover);
  }
}

/** Pixels between the pointer and the tooltip. */
const BESIDE = 14;

/** Where the pointer is; the tooltip that `root` refers to stays within the grid of charts. */
export function usePointer<At extends Place>(pointer: Pointer<At>) {
  const [hover, setHover] = useState<At | null>(null);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    pointer.listener = setHover;
    return () => {
      pointer.listener = () => undefined;
    };
  }, [pointer]);
  useLayoutEffect(() => {
    // What reaches beyond a notebook's output makes it scroll.
    const { current } = root;
    if (current !== null && hover !== null) {
      const { left, top, width, height } = hover;
      const { offsetWidth, offsetHeight } = current;
      const beside = left > width / 2 ? left - BESIDE - offsetWidth : left + BESIDE;
      current.style.left = `${within(beside, width - offsetWidth)}px`;
      current.style.top = `${within(top - 16, height - offsetHeight)}px`;
    }
  });
  return { hover, root };
}

/** Every series at the step under the pointer, in one place for all charts. */
export function Tooltip(props: {
  pointer: Pointer<Hover>;
  families: Family[];
  rates: RateChange[];
  scale: EpochScale;
  /** How near, in steps, a change of the learning rate must be to be told. */
  reach: number;
}): JSX.Element | null {
  const { pointer, families, rates, scale } = props;
  const { hover, root } = usePointer(pointer);
  if (hover === null) {
    return null;
  }
  const step = Math.max(0, Math.round(hover.step));
  const rate = rates.find(change => Math.abs(change.step - hover.step) <= props.reach);
  const value = (family: Family, role: Role) => {
    const series = family.series.find(other => other.role === role);
    return series === undefined
      ? ''
      : at(series, step, family.name === 'learning_rate' ? learningRate : metric);
  };
  return (
    <div class="dlt-tooltip" ref={root} role="status">
      <p>
        step <b>{count(step)}</b>
        {scale.known ? <span class="dlt-muted"> · epoch {scale.toEpoch(step).toFixed(2)}</span> : null}
      </p>
      <table>
        <thead>
          <tr>
            <td />
            <th scope="col">train</th>
            <th scope="col">val</th>
          </tr>
        </thead>
        <tbody>
          {families.map(family => (
            <tr key={family.name}>
              <th scope="row">{title(family.name)}</th>
              {family.series.every(series => series.role === 'other') ? (
                <td colSpan={2}>{value(family, 'other')}</td>
              ) : (
                <>
                  <td>{value(family, 'train')}</td>
                  <td>{value(family, 'validation')}</td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {rate === undefined ? null : (
        <p class="dlt-muted">
          ▲ {rate.by} set learning rate {learningRate(rate.rate)}
        </p>
      )}
    </div>
  );
}

function within(position: number, most: number): number {
  return Math.max(0, Math.min(position, most));
}

function at(series: Series, step: number, show: (value: number | null) => string): string {
  const index = nearest(series.steps, step);
  const value = index < 0 ? undefined : series.values[index];
  if (value === undefined) {
    return '–';
  }
  return value === null ? 'not finite' : show(value);
}
