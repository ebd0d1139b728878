import type { JSX } from 'preact';
import { percent } from '../../model/format';
import { type Guess, likely } from '../../model/prediction';

/** The likeliest classes with bars, most likely first. */
export function Guesses(props: { top: Guess[]; label: string }): JSX.Element {
  const top = likely(props.top);
  const longest = Math.max(...top.map(({ label: name }) => name.length));
  return (
    <ol
      class="dlt-guesses"
      aria-label={props.label}
      style={{ '--dlt-longest': `${Math.min(18, longest)}ch` }}
    >
      {top.map(({ class: index, label: name, confidence }, rank) => (
        <li key={index} data-first={rank === 0}>
          <span class="dlt-guess-name" title={name}>
            {name}
          </span>
          <span class="dlt-thin-bar" aria-hidden="true">
            <span style={{ transform: `scaleX(${Math.min(1, Math.max(0, confidence))})` }} />
          </span>
          <span class="dlt-guess-share">{percent(confidence, 1)}</span>
        </li>
      ))}
    </ol>
  );
}
