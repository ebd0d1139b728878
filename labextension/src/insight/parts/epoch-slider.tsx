import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../../panel/button';
import { useUniqueId } from '../../panel/hooks';
import type { Evaluations } from '../model/evaluations';
import type { EvaluationWords } from '../words/evaluation';

/** Epochs shown in a second while they play. */
const PLAYED_PER_SECOND = 8;

/** Chooses the validated epoch that the views show; arrow keys walk, and it can play from the first to the last. */
export function EpochSlider({ evaluations, words }: { evaluations: Evaluations; words: EvaluationWords }) {
  const { epochs, epoch } = evaluations;
  const id = useUniqueId();
  const [playing, setPlaying] = useState(false);
  const at = useRef(0);
  const last = epochs.length - 1;
  at.current = epoch === null ? last : Math.max(0, epochs.indexOf(epoch));

  useEffect(() => {
    if (!playing) {
      return undefined;
    }
    const timer = setInterval(() => {
      const next = at.current + 1;
      const chosen = evaluations.epochs[next];
      if (chosen === undefined) {
        setPlaying(false);
      } else {
        evaluations.choose(chosen);
      }
    }, 1000 / PLAYED_PER_SECOND);
    return () => clearInterval(timer);
  }, [playing, evaluations]);

  if (epoch === null || epochs.length < 2) {
    return <span class="dlt-epoch-slider">{epoch === null ? null : `${words.epoch} ${epoch}`}</span>;
  }
  const said = words.epochOf(epoch, epochs[last] ?? epoch);
  const choose = (index: number) => {
    const chosen = epochs[index];
    if (chosen !== undefined) {
      evaluations.choose(chosen);
    }
  };
  const play = () => {
    if (!playing && at.current === last) {
      choose(0);
    }
    setPlaying(!playing);
  };
  return (
    <span class="dlt-epoch-slider">
      <label for={id}>{words.epoch}</label>
      <input
        id={id}
        type="range"
        min="0"
        max={last}
        step="1"
        value={at.current}
        aria-valuetext={said}
        onInput={event => {
          setPlaying(false);
          choose(Number(event.currentTarget.value));
        }}
      />
      <output for={id} style={{ minWidth: `${2 * String(epochs[last]).length + 4}ch` }}>
        {said}
      </output>
      <Button
        icon={playing ? 'pause' : 'play'}
        kind="quiet"
        compact
        label={playing ? words.stop : words.play}
        onClick={play}
      />
    </span>
  ) as JSX.Element;
}
