/** A drawing as strokes; places are shares of the side of the square it is drawn on. */

export type Point = readonly [x: number, y: number];

export interface Stroke {
  points: Point[];
  /** Of the pen, as a share of the side. */
  width: number;
}

/** Nearer points say nothing more, and would be a thousand a stroke. */
const CLOSE = 1 / 400;

/** The strokes with a new one that begins here. */
export function begun(strokes: Stroke[], at: Point, width: number): Stroke[] {
  return [...strokes, { points: [inside(at)], width }];
}

/** The strokes with the last one drawn on; the same ones where the pen hardly moved. */
export function extended(strokes: Stroke[], at: Point): Stroke[] {
  const last = strokes.at(-1);
  const tip = last?.points.at(-1);
  const next = inside(at);
  if (last === undefined || tip === undefined || Math.hypot(next[0] - tip[0], next[1] - tip[1]) < CLOSE) {
    return strokes;
  }
  return [...strokes.slice(0, -1), { ...last, points: [...last.points, next] }];
}

export function undone(strokes: Stroke[]): Stroke[] {
  return strokes.slice(0, -1);
}

/** The pen for a model whose inputs have so many pixels a side: about two of them wide, as digits are written. */
export function penFor(pixels: number | null): number {
  return pixels === null ? 0.09 : Math.min(0.16, Math.max(0.04, 2.2 / pixels));
}

/** What draws; a canvas's context has these, with much more. */
export interface Pen {
  lineWidth: number;
  lineCap: string;
  lineJoin: string;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  quadraticCurveTo(cx: number, cy: number, x: number, y: number): void;
  stroke(): void;
}

/** Draws strokes as smooth curves on a square of `side` pixels; a stroke of one point is a dot. */
export function paintStrokes(pen: Pen, strokes: Stroke[], side: number): void {
  pen.lineCap = 'round';
  pen.lineJoin = 'round';
  for (const { points, width } of strokes) {
    const [first, ...rest] = points.map(([x, y]): Point => [x * side, y * side]);
    const last = rest.at(-1) ?? first;
    if (first === undefined || last === undefined) {
      continue;
    }
    pen.lineWidth = width * side;
    pen.beginPath();
    pen.moveTo(first[0], first[1]);
    // Through the middles between neighbours, bent towards the points themselves.
    for (const [i, [x, y]] of rest.slice(0, -1).entries()) {
      const next = rest[i + 1] ?? last;
      pen.quadraticCurveTo(x, y, (x + next[0]) / 2, (y + next[1]) / 2);
    }
    pen.lineTo(last[0], last[1]);
    pen.stroke();
  }
}

function inside([x, y]: Point): Point {
  const clamp = (value: number) => Math.min(1, Math.max(0, value));
  return [clamp(x), clamp(y)];
}
