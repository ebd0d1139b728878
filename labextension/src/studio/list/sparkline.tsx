import type { JSX } from 'preact';

const WIDTH = 56;
const HEIGHT = 18;
const MARGIN = 2.5;

/** The monitored metric by epoch, in the run's colour; where it stands now is a dot. */
export function Sparkline({ values }: { values: (number | null)[] }): JSX.Element {
  const points = place(values);
  const last = points.findLast(point => point !== null);
  return (
    <svg class="dlt-spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <path d={path(points)} />
      {last == null ? null : <circle cx={last[0]} cy={last[1]} r={1.9} />}
    </svg>
  );
}

type Point = [x: number, y: number];

/** Puts values between the margins; a curve that doesn't move runs along the middle. */
function place(values: (number | null)[]): (Point | null)[] {
  const known = values.filter(isKnown);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const x = (i: number) => MARGIN + (i / Math.max(1, values.length - 1)) * (WIDTH - 2 * MARGIN);
  const y = (value: number) =>
    high === low ? HEIGHT / 2 : HEIGHT - MARGIN - ((value - low) / (high - low)) * (HEIGHT - 2 * MARGIN);
  return values.map((value, i) => (isKnown(value) ? [round(x(i)), round(y(value))] : null));
}

/** A line that breaks where there is no value. */
function path(points: (Point | null)[]): string {
  return points
    .map((point, i) => (point === null ? '' : `${points[i - 1] == null ? 'M' : 'L'}${point[0]} ${point[1]}`))
    .join('');
}

function isKnown(value: number | null): value is number {
  return value !== null && Number.isFinite(value);
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
