import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Checkpoint, Snapshot } from '../contract';
import { spread } from '../model/axis';
import { count, metric, plural, size } from '../model/format';
import type { RunModel } from '../model/run-model';
import { Button } from './button';
import { CloneButton } from './checkpoints-tab';
import type { Frame } from './frame';
import { Icon } from './icons';

/** Room a mark takes on the line. */
const MARK = 22;

interface TimelineProps {
  model: RunModel;
  snapshot: Snapshot;
  /** The step at the right end of the line. */
  end: number;
  gone: boolean;
  frame: Frame | undefined;
  onTry: (step: number) => void;
}

/** The checkpoints along the run: point at one for its metrics, choose it to try it or to start from it. */
export function Timeline(props: TimelineProps): JSX.Element | null {
  // The line is measured when it first appears, so it is a component of its own.
  return props.snapshot.checkpoints.length === 0 ? null : <Line {...props} />;
}

function Line({ model, snapshot, end, gone, frame, onTry }: TimelineProps): JSX.Element {
  const { checkpoints, monitor } = snapshot;
  const [pointed, setPointed] = useState<number | null>(null);
  const [chosen, setChosen] = useState<number | null>(null);
  const line = useRef<HTMLDivElement>(null);
  const width = useWidth(line);
  const ordered = [...checkpoints].sort((a, b) => a.step - b.step);
  const room = Math.max(0, width - MARK);
  const places = spread(
    ordered.map(({ step }) => (Math.min(step, end) / end) * room),
    Math.min(MARK, room / ordered.length),
    room
  );
  const shown = ordered.find(({ step }) => step === (pointed ?? chosen));
  const bytes = checkpoints.reduce((sum, checkpoint) => sum + checkpoint.bytes, 0);
  return (
    <div class="dlt-timeline">
      <div class="dlt-timeline-line" ref={line}>
        {ordered.map((checkpoint, i) => (
          <button
            key={checkpoint.step}
            type="button"
            class="dlt-mark"
            style={{ left: `${places[i] ?? 0}px` }}
            data-kind={checkpoint.kinds[0] ?? 'last'}
            aria-pressed={checkpoint.step === chosen}
            aria-label={summary(checkpoint, monitor)}
            onPointerEnter={() => setPointed(checkpoint.step)}
            onPointerLeave={() => setPointed(null)}
            onFocus={() => setPointed(checkpoint.step)}
            onBlur={() => setPointed(null)}
            onClick={() => setChosen(checkpoint.step === chosen ? null : checkpoint.step)}
          >
            <Mark checkpoint={checkpoint} />
          </button>
        ))}
      </div>
      <div class="dlt-timeline-detail">
        {shown === undefined ? (
          <span class="dlt-muted">
            {plural(checkpoints.length, 'checkpoint')}, {size(bytes)}. Choose one to try it or to start from
            it.
          </span>
        ) : (
          <span>{summary(shown, monitor)}</span>
        )}
        {chosen === null || shown === undefined || shown.step !== chosen ? null : (
          <span class="dlt-timeline-actions">
            <Button icon="star" label="Try" kind="quiet" disabled={gone} onClick={() => onTry(chosen)} />
            <CloneButton model={model} step={chosen} gone={gone} frame={frame} />
          </span>
        )}
      </div>
    </div>
  );
}

function Mark({ checkpoint }: { checkpoint: Checkpoint }): JSX.Element {
  return checkpoint.kinds.includes('best') ? <Icon name="star" /> : <span class="dlt-mark-dot" />;
}

function summary({ step, epoch, kinds, metrics, bytes }: Checkpoint, monitor: string | null): string {
  const names = Object.keys(metrics).sort((a, b) => Number(b === monitor) - Number(a === monitor));
  const values = names.slice(0, 3).map(name => `${name} ${metric(metrics[name])}`);
  return [`step ${count(step)}`, `epoch ${epoch}`, kinds.join(', '), ...values, size(bytes)]
    .filter(part => part !== '')
    .join(' · ');
}

function useWidth(ref: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const { current } = ref;
    if (current === null) {
      return undefined;
    }
    const observer = new ResizeObserver(() => setWidth(current.clientWidth));
    observer.observe(current);
    return () => observer.disconnect();
  }, [ref]);
  return width;
}
