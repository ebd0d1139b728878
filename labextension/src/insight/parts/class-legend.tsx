import type { JSX } from 'preact';
import { classColour } from './layers';

const MOST_NAMED = 24;

/** Which colour stands for which class; of many, the first ones. In a mask 0 is the ground; of boxes no class is. */
export function ClassLegend(props: { labels: string[]; masked: boolean; label: string }): JSX.Element {
  const { labels, masked, label } = props;
  const named = labels
    .slice(0, MOST_NAMED)
    .map((name, i) => ({ name, colour: classColour(masked ? i : i + 1) }));
  return (
    <ul class="dlt-legend-classes" aria-label={label}>
      {(masked ? named.slice(1) : named).map(({ name, colour }) => (
        <li key={name}>
          <span style={{ background: colour }} />
          {name}
        </li>
      ))}
    </ul>
  );
}
