import type { ComponentChildren, JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { tick } from '../../model/format';
import { type Span, ticks } from '../model/plane';

const WIDTH = 340;
const HEIGHT = 240;
const ROOM = { left: 46, right: 10, top: 8, bottom: 34 };

/** Turns values into places on a chart. */
export interface Scale {
  x: (value: number) => number;
  y: (value: number) => number;
}

interface PlaneProps {
  title: string;
  xSpan: Span;
  ySpan: Span;
  xLabel: string;
  yLabel: string;
  /** What the chart shows, for who doesn't see it. */
  label: string;
  /** What is said of the place the pointer is at; where it stands on the chart, if a mark belongs to it. */
  read: (x: number) => { text: string; at: [x: number, y: number][] } | null;
  /** Arrow keys go on by so much. */
  step: number;
  note?: ComponentChildren;
  children: (scale: Scale) => ComponentChildren;
}

/** A small chart with axes; its values are told to the pointer and to the arrow keys. */
export function Plane(props: PlaneProps): JSX.Element {
  const { xSpan, ySpan, read } = props;
  const svg = useRef<SVGSVGElement>(null);
  const [x, setX] = useState<number | null>(null);
  const scale: Scale = {
    x: value => ROOM.left + ((value - xSpan[0]) / (xSpan[1] - xSpan[0])) * (WIDTH - ROOM.left - ROOM.right),
    y: value =>
      HEIGHT - ROOM.bottom - ((value - ySpan[0]) / (ySpan[1] - ySpan[0])) * (HEIGHT - ROOM.top - ROOM.bottom)
  };
  const onPointerMove = (event: PointerEvent) => {
    const box = svg.current?.getBoundingClientRect();
    if (box !== undefined && box.width > 0) {
      const at = ((event.clientX - box.left) / box.width) * WIDTH;
      const share = (at - ROOM.left) / (WIDTH - ROOM.left - ROOM.right);
      setX(share < -0.02 || share > 1.02 ? null : xSpan[0] + share * (xSpan[1] - xSpan[0]));
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by !== undefined) {
      const next = x === null ? xSpan[0] : x + by * props.step;
      setX(Math.min(xSpan[1], Math.max(xSpan[0], next)));
      event.preventDefault();
      event.stopPropagation();
    }
  };
  const found = x === null ? null : read(x);
  return (
    <figure class="dlt-plane">
      <figcaption>
        <h4>{props.title}</h4>
        {props.note}
      </figcaption>
      <svg
        ref={svg}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={props.label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys read the values of the chart.
        tabIndex={0}
        onPointerMove={onPointerMove}
        onPointerLeave={() => setX(null)}
        onKeyDown={onKeyDown}
        onBlur={() => setX(null)}
      >
        <Axes {...props} scale={scale} />
        {props.children(scale)}
        {found?.at.map(([px, py], i) => (
          <circle key={i} class="dlt-plane-mark" cx={scale.x(px)} cy={scale.y(py)} r="3.5" />
        ))}
      </svg>
      <p class="dlt-plane-read" role="status">
        {found?.text ?? ''}
      </p>
    </figure>
  );
}

function Axes({ xSpan, ySpan, xLabel, yLabel, scale }: PlaneProps & { scale: Scale }): JSX.Element {
  const bottom = HEIGHT - ROOM.bottom;
  return (
    <g class="dlt-plane-axes">
      {ticks(xSpan, 5).map(value => (
        <g key={`x${value}`}>
          <line x1={scale.x(value)} x2={scale.x(value)} y1={ROOM.top} y2={bottom} />
          <text x={scale.x(value)} y={bottom + 13} text-anchor="middle">
            {tick(value)}
          </text>
        </g>
      ))}
      {ticks(ySpan, 4).map(value => (
        <g key={`y${value}`}>
          <line x1={ROOM.left} x2={WIDTH - ROOM.right} y1={scale.y(value)} y2={scale.y(value)} />
          <text x={ROOM.left - 5} y={scale.y(value) + 3.5} text-anchor="end">
            {tick(value)}
          </text>
        </g>
      ))}
      <text x={(ROOM.left + WIDTH - ROOM.right) / 2} y={HEIGHT - 6} text-anchor="middle">
        {xLabel}
      </text>
      <text transform={`translate(10 ${(ROOM.top + bottom) / 2}) rotate(-90)`} text-anchor="middle">
        {yLabel}
      </text>
    </g>
  );
}

/** A line through points; it stops where one is missing. */
export function path(xs: (number | null)[], ys: (number | null)[], scale: Scale): string {
  let pen = 'M';
  let drawn = '';
  xs.forEach((x, i) => {
    const y = ys[i] ?? null;
    if (x === null || y === null) {
      pen = 'M';
      return;
    }
    drawn += `${pen}${scale.x(x).toFixed(1)} ${scale.y(y).toFixed(1)}`;
    pen = 'L';
  });
  return drawn;
}
