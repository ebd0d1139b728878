import type uPlot from 'uplot';
import type { Ink } from './colours';

/** What is drawn on a chart besides its curves, in the units of its axes. */
export interface Marks {
  /** The best points, each with the colour of its run where there are several. */
  best: { x: number; y: number; colour?: string | undefined }[];
  /** Where the learning rate was changed by hand. */
  changes: number[];
  /** Where a value was not finite. */
  broken: number[];
}

/** Draws the marks; called by uPlot after the curves, on the canvas's own pixels. */
export function drawMarks(plot: uPlot, marks: Marks, ink: Ink): void {
  const { ctx, bbox } = plot;
  const unit = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  // The star may stand on the edge.
  ctx.rect(bbox.left - 8 * unit, bbox.top - 8 * unit, bbox.width + 16 * unit, bbox.height + 16 * unit);
  ctx.clip();

  for (const x of visible(plot, marks.changes)) {
    const bottom = bbox.top + bbox.height;
    ctx.strokeStyle = ink.muted;
    ctx.fillStyle = ink.muted;
    ctx.lineWidth = unit;
    ctx.setLineDash([2 * unit, 3 * unit]);
    line(ctx, x, bbox.top, x, bottom);
    ctx.setLineDash([]);
    triangle(ctx, x, bottom, 4.5 * unit);
  }

  ctx.strokeStyle = ink.error;
  ctx.lineWidth = 1.5 * unit;
  let last = Number.NEGATIVE_INFINITY;
  const r = 3 * unit;
  for (const at of visible(plot, marks.broken)) {
    // One at the very edge is moved in, so that all of it is seen.
    const x = within(at, bbox.left + 2 * r, bbox.left + bbox.width - 2 * r);
    if (x - last < 7 * unit) {
      continue;
    }
    last = x;
    const y = bbox.top + 5 * unit;
    line(ctx, x - r, y - r, x + r, y + r);
    line(ctx, x - r, y + r, x + r, y - r);
  }

  for (const { x, y, colour } of marks.best) {
    const [place] = visible(plot, [x]);
    if (place !== undefined) {
      star(ctx, place, plot.valToPos(y, 'y', true), 6.5 * unit);
      ctx.lineWidth = 3 * unit;
      ctx.strokeStyle = ink.background;
      ctx.stroke();
      ctx.fillStyle = ink.run(colour).validation;
      ctx.fill();
    }
  }
  ctx.restore();
}

/** Canvas positions of what lies within the x axis. */
function visible(plot: uPlot, values: number[]): number[] {
  const { min, max } = plot.scales.x ?? {};
  return values
    .filter(value => min !== undefined && max !== undefined && value >= min && value <= max)
    .map(value => plot.valToPos(value, 'x', true));
}

function within(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}

function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

function triangle(ctx: CanvasRenderingContext2D, x: number, bottom: number, size: number): void {
  ctx.beginPath();
  ctx.moveTo(x - size, bottom);
  ctx.lineTo(x + size, bottom);
  ctx.lineTo(x, bottom - 1.6 * size);
  ctx.fill();
}

function star(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  ctx.beginPath();
  for (let i = 0; i < 10; i += 1) {
    const r = i % 2 === 0 ? radius : radius * 0.45;
    const angle = (i * Math.PI) / 5 - Math.PI / 2;
    ctx.lineTo(x + r * Math.cos(angle), y + r * Math.sin(angle));
  }
  ctx.closePath();
}
