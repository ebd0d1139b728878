import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { type ChartEvents, LineChart, type Picture } from '../charts/line-chart';
import type { Range } from '../model/axis';
import type { Place } from './chart-tooltip';

interface PlotProps {
  picture: Picture;
  /** Charts with the same key share the pointer. */
  sync: string;
  /** What the chart shows, for who doesn't see it. */
  label: string;
  /** The pointer stands at `x`; `place` says where that is in the grid around the charts. */
  onHover: (at: { x: number; place: Place } | null) => void;
  onZoom: (range: Range) => void;
  onReset: () => void;
}

/** A chart alone, by pointer and by keyboard. */
export function Plot(props: PlotProps): JSX.Element {
  const { picture, sync } = props;
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
      hover: at =>
        events.current.onHover(at === null ? null : { x: at.x, place: placed(current, at.left, at.top) }),
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
  return (
    <div
      class="dlt-plot"
      ref={host}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys read the values of the chart.
      tabIndex={0}
      role="img"
      aria-label={props.label}
      onKeyDown={onKeyDown}
      onBlur={() => chart.current?.leave()}
    />
  );
}

/** Where a point of a plot lies in the grid of charts around it. */
function placed(host: HTMLElement, left: number, top: number): Place {
  const plot = host.querySelector('.u-over') ?? host;
  const grid = host.closest('.dlt-charts') ?? host;
  const [outer, inner] = [grid.getBoundingClientRect(), plot.getBoundingClientRect()];
  return {
    left: inner.left - outer.left + left,
    top: inner.top - outer.top + top,
    width: outer.width,
    height: outer.height
  };
}
