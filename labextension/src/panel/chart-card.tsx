import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { type ChartEvents, LineChart, type Picture } from '../charts/line-chart';
import type { Range } from '../model/axis';
import { type Family, type Role, brokenSince, latest } from '../model/families';
import { count, learningRate, metric } from '../model/format';

const ROLES: Record<Role, string> = { train: 'train', validation: 'val', other: '' };

interface ChartCardProps {
  family: Family;
  picture: Picture;
  /** What is said while there is no point yet. */
  empty: string;
  sync: string;
  onHover: (at: { x: number; left: number; top: number } | null, plot: HTMLElement) => void;
  onZoom: (range: Range) => void;
  onReset: () => void;
}

/** A chart with its name and the newest values. */
export function ChartCard(props: ChartCardProps): JSX.Element {
  const { family, picture, sync } = props;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<LineChart | null>(null);
  // The chart lives longer than one rendering's callbacks.
  const events = useRef(props);
  events.current = props;

  useEffect(() => {
    const { current } = host;
    if (current === null) {
      return undefined;
    }
    const relay: ChartEvents = {
      hover: at => events.current.onHover(at, current.querySelector<HTMLElement>('.u-over') ?? current),
      zoom: range => events.current.onZoom(range),
      reset: () => events.current.onReset()
    };
    const made = new LineChart(current, sync, relay);
    chart.current = made;
    made.show(events.current.picture);
    return () => made.destroy();
  }, [sync]);
  useLayoutEffect(() => chart.current?.show(picture), [picture]);

  const onKeyDown = (event: KeyboardEvent) => {
    const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (direction !== undefined) {
      chart.current?.move(direction * (event.shiftKey ? 40 : 6));
      event.preventDefault();
    } else if (event.key === 'Escape') {
      props.onReset();
    }
  };
  const since = family.series.map(brokenSince).filter(step => step !== null);
  return (
    <figure class="dlt-chart">
      <figcaption>
        <span class="dlt-chart-name" title={family.name}>
          {family.name.replaceAll('_', ' ')}
        </span>
        <Broken number={picture.marks.broken.length} since={since.length > 0 ? Math.min(...since) : null} />
        {family.series.map(series => (
          <span class="dlt-legend" key={series.name} data-role={series.role}>
            {series.role === 'other' ? null : <Swatch />}
            {ROLES[series.role]} <b>{show(family, latest(series))}</b>
          </span>
        ))}
      </figcaption>
      {family.series.every(series => series.steps.length === 0) ? (
        <p class="dlt-plot-empty">{props.empty}</p>
      ) : null}
      <div
        class="dlt-plot"
        ref={host}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys read the values of the chart.
        tabIndex={0}
        role="img"
        aria-label={describe(family)}
        onKeyDown={onKeyDown}
        onBlur={() => chart.current?.leave()}
      />
    </figure>
  );
}

/** What the marks at the top of the chart mean; the last values of a run that broke are the ones to know of. */
function Broken({ number, since }: { number: number; since: number | null }): JSX.Element | null {
  return number === 0 ? null : (
    <span class="dlt-legend-broken">
      ✕ {since === null ? `${count(number)} not finite` : `not a finite number since step ${count(since)}`}
    </span>
  );
}

function Swatch(): JSX.Element {
  return (
    <svg class="dlt-swatch" viewBox="0 0 18 6" aria-hidden="true">
      <path d="M0 3h18" />
    </svg>
  );
}

function describe(family: Family): string {
  const values = family.series.map(series => `${ROLES[series.role]} ${show(family, latest(series))}`.trim());
  return `${family.name} by step; now ${values.join(', ')}. Arrow keys read values, Escape shows the whole run.`;
}

function show(family: Family, value: number | null): string {
  return family.name === 'learning_rate' ? learningRate(value) : metric(value);
}
