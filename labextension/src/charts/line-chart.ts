import uPlot from 'uplot';
import { type Range, extent, logTicks, settle, union } from '../model/axis';
import type { Role } from '../model/families';
import { tick } from '../model/format';
import { smooth } from '../model/smoothing';
import { type Ink, readInk, watchTheme } from './colours';
import { type Marks, drawMarks } from './marks';
import { type Frame, Tween } from './tween';

export interface Line {
  role: Role;
  /** Of several runs on one chart: its colour in CSS, and dashes where that colour is another run's as well. */
  colour?: string;
  dash?: number[];
  /** Whether it has so many points that dashes would drown in its noise. */
  dense: boolean;
  /** Ascending, in the units of the x axis. */
  x: number[];
  y: (number | null)[];
}

/** What a chart shows. */
export interface Picture {
  lines: Line[];
  x: Range;
  log: boolean;
  /** Smoothing width as a fraction of the x axis; 0 for none. */
  smoothing: number;
  marks: Marks;
}

export interface ChartEvents {
  /** The pointer (or the keyboard) stands at `x`; `left` and `top` are CSS pixels within the plot. */
  hover(at: { x: number; left: number; top: number } | null): void;
  zoom(range: Range): void;
  reset(): void;
}

/** Where the style sheet says nothing else. */
const HEIGHT = 190;

/**
 * A chart of one metric: training lighter and dashed, validation solid. Axes ease; the pointer's line is
 * shared by every chart with the same `sync` key; the wheel is left to the page.
 */
export class LineChart {
  #plot: uPlot | null = null;
  #picture: Picture | null = null;
  #shape = '';
  #ink: Ink;
  #hovered = false;
  readonly #host: HTMLElement;
  readonly #sync: string;
  readonly #events: ChartEvents;
  readonly #tween = new Tween(frame => this.#draw(frame));
  readonly #resize: ResizeObserver;
  readonly #forgetTheme: () => void;

  constructor(host: HTMLElement, sync: string, events: ChartEvents) {
    this.#host = host;
    this.#sync = sync;
    this.#events = events;
    this.#ink = readInk(host);
    this.#resize = new ResizeObserver(() => this.#fit());
    this.#resize.observe(host);
    this.#forgetTheme = watchTheme(() => {
      this.#ink = readInk(host);
      this.#plot?.redraw(false, true);
    });
  }

  show(picture: Picture): void {
    const logChanged = this.#picture?.log !== picture.log;
    this.#picture = picture;
    const data = this.#table(picture);
    const kinds = picture.lines.map(({ role, dense, colour, dash }) => [role, dense, colour, dash].join());
    const shape = [picture.log, picture.smoothing > 0, ...kinds].join();
    if (this.#plot === null || this.#shape !== shape) {
      this.#shape = shape;
      this.#plot?.destroy();
      this.#plot = new uPlot(this.#options(picture), data, this.#host);
      this.#plot.over.addEventListener('pointerenter', () => {
        this.#hovered = true;
      });
      this.#plot.over.addEventListener('pointerleave', () => this.leave());
    } else {
      this.#plot.setData(data, false);
    }
    const spans = picture.lines.map(line => extent(line.x, line.y, picture.x, picture.log));
    const settled = logChanged ? null : (this.#tween.goal?.y ?? null);
    this.#tween.to({ x: picture.x, y: settle(settled, union(spans), picture.log) }, picture.log);
  }

  /** Moves the pointer's line by keyboard; `by` is in pixels. */
  move(by: number): void {
    const plot = this.#plot;
    if (plot === null) {
      return;
    }
    const width = plot.over.clientWidth;
    const at = plot.cursor.left ?? -1;
    const left = Math.min(width, Math.max(0, at < 0 ? width : at + by));
    this.#hovered = true;
    setCursor(plot, left, plot.over.clientHeight / 2);
  }

  leave(): void {
    this.#hovered = false;
    this.#events.hover(null);
    if (this.#plot !== null) {
      setCursor(this.#plot, -10, -10);
    }
  }

  destroy(): void {
    this.#tween.stop();
    this.#resize.disconnect();
    this.#forgetTheme();
    this.#plot?.destroy();
  }

  #draw({ x, y }: Frame): void {
    const plot = this.#plot;
    plot?.batch(() => {
      plot.setScale('x', { min: x[0], max: x[1] });
      plot.setScale('y', { min: y[0], max: y[1] });
    });
    if (this.#hovered) {
      this.#point();
    }
  }

  #fit(): void {
    const width = this.#host.clientWidth;
    const height = this.#host.clientHeight || HEIGHT;
    if (this.#plot !== null && width > 0 && (width !== this.#plot.width || height !== this.#plot.height)) {
      this.#plot.setSize({ width, height });
    }
  }

  #point(): void {
    const plot = this.#plot;
    const { left = -1, top = -1 } = plot?.cursor ?? {};
    this.#events.hover(plot === null || left < 0 ? null : { x: plot.posToVal(left, 'x'), left, top });
  }

  /** Joins lines with positions of their own into one table: the values, and smoothed ones where asked for. */
  #table({ lines, x, log, smoothing }: Picture): uPlot.AlignedData {
    const width = smoothing * (x[1] - x[0]);
    const tables = lines.map((line): uPlot.AlignedData => {
      const values = log ? line.y.map(value => (value !== null && value > 0 ? value : null)) : line.y;
      return smoothing > 0 ? [line.x, values, smooth(line.x, values, width)] : [line.x, values];
    });
    return tables.length === 0 ? [[]] : uPlot.join(tables);
  }

  #options({ lines, log, smoothing }: Picture): uPlot.Options {
    return {
      width: this.#host.clientWidth || 320,
      height: this.#host.clientHeight || HEIGHT,
      padding: [10, 20, 0, 0],
      legend: { show: false },
      scales: { x: { time: false, auto: false }, y: { auto: false, ...(log ? { distr: 3, log: 10 } : {}) } },
      axes: [
        this.#axis({ space: 56, size: 26 }),
        this.#axis({
          space: 30,
          size: 50,
          // uPlot's own go on for ever from just below a power of ten.
          ...(log ? { splits: (_plot, _axis, low, high) => logTicks([low, high]) } : {})
        })
      ],
      series: [{}, ...lines.flatMap(line => this.#series(line, smoothing > 0))],
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false, dist: 5 },
        points: { size: (_plot, series) => (smoothing > 0 && series % 2 === 1 ? 0 : 7) },
        dataIdx: nearestValue,
        sync: { key: this.#sync, setSeries: false, scales: ['x', null], filters: { pub: follows } },
        bind: {
          dblclick: () => () => {
            this.#events.reset();
            return null;
          }
        }
      },
      hooks: {
        draw: [plot => this.#picture && drawMarks(plot, this.#picture.marks, this.#ink)],
        setCursor: [() => this.#hovered && this.#point()],
        setSelect: [plot => this.#select(plot)]
      }
    };
  }

  #select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width > 4) {
      this.#events.zoom([plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]);
      plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    }
  }

  #axis(own: uPlot.Axis): uPlot.Axis {
    return {
      ...own,
      font: this.#ink.font,
      gap: 6,
      stroke: () => this.#ink.muted,
      grid: { stroke: () => this.#ink.grid, width: 1 },
      ticks: { show: false },
      values: (_plot, splits, _axis, _space, step) =>
        splits.map(split => (split === null ? null : tick(split, step)))
    };
  }

  /** The measured line; under its smoothed one it is faint. */
  #series({ role, dense, colour, dash: own }: Line, smoothed: boolean): uPlot.Series[] {
    const train = role === 'train';
    const stroke = () => this.#ink.run(colour)[train ? 'train' : 'validation'];
    const dashes = own ?? (train ? [5, 3] : []);
    // uPlot takes dashes in the pixels of the screen.
    const dash = dashes.length > 0 ? { dash: dashes.map(length => length * devicePixelRatio) } : {};
    // A line needs two values.
    const alone: uPlot.Series.Points = { show: hasOneValue, size: 9, width: 0 };
    const measured: uPlot.Series = {
      width: train ? 1.25 : 1.75,
      stroke,
      points: { ...alone, fill: stroke },
      ...(dense ? {} : dash)
    };
    return smoothed
      ? [
          { width: 1, stroke: () => this.#ink.run(colour).faint, points: { show: false } },
          { width: 2, stroke, points: { ...alone, fill: stroke }, ...dash }
        ]
      : [measured];
  }
}

/** Whether a series has a single value between two rows; those of other series hold none of its own. */
function hasOneValue(plot: uPlot, series: number, first: number, last: number): boolean {
  const values = plot.data[series] ?? [];
  let found = 0;
  for (let row = first; row <= last && found < 2; row += 1) {
    found += values[row] == null ? 0 : 1;
  }
  return found === 1;
}

/** The row of the nearest value of a series: series have positions of their own. */
function nearestValue(plot: uPlot, series: number, hovered: number): number {
  const values = plot.data[series] ?? [];
  for (let distance = 0; distance < values.length; distance += 1) {
    if (values[hovered - distance] != null) {
      return hovered - distance;
    }
    if (values[hovered + distance] != null) {
      return hovered + distance;
    }
  }
  return hovered;
}

/** Moves the pointer's line, in this chart and, by the last argument its types leave out, in the others. */
function setCursor(plot: uPlot, left: number, top: number): void {
  const set = plot.setCursor as (at: { left: number; top: number }, fire: boolean, publish: boolean) => void;
  set({ left, top }, true, true);
}

/** Charts follow one another's pointer, not their drags. */
function follows(type: string): boolean {
  return type === 'mousemove' || type === 'mouseleave';
}
