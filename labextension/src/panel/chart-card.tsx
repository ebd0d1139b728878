import type { JSX } from 'preact';
import type { Picture } from '../charts/line-chart';
import type { Range } from '../model/axis';
import { type Family, type Role, brokenSince, latest, title } from '../model/families';
import { count, learningRate, metric } from '../model/format';
import type { Place } from './chart-tooltip';
import { Plot } from './plot';

const ROLES: Record<Role, string> = { train: 'train', validation: 'val', other: '' };

interface ChartCardProps {
  family: Family;
  picture: Picture;
  /** What is said while there is no point yet. */
  empty: string;
  sync: string;
  onHover: (at: { x: number; place: Place } | null) => void;
  onZoom: (range: Range) => void;
  onReset: () => void;
}

/** A chart with its name and the newest values. */
export function ChartCard(props: ChartCardProps): JSX.Element {
  const { family, picture } = props;
  const since = family.series.map(brokenSince).filter(step => step !== null);
  return (
    <figure class="dlt-chart">
      <figcaption>
        <span class="dlt-chart-name" title={family.name}>
          {title(family.name)}
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
      <Plot {...props} label={describe(family)} />
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
  return `${title(family.name)} by step; now ${values.join(', ')}. Arrow keys read values, Escape shows the whole run.`;
}

function show(family: Family, value: number | null): string {
  return family.name === 'learning_rate' ? learningRate(value) : metric(value);
}
