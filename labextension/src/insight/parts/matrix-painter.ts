import { type Rgb, lightness, ramp } from '../model/ramp';
import { bytesOf, cssOf } from './theme-colours';

/** What a matrix looks like besides its cells: the style sheet's colours and type. */
export interface MatrixInk {
  right: Uint8ClampedArray;
  wrong: Uint8ClampedArray;
  ground: string;
  surface: string;
  text: string;
  muted: string;
  font: string;
}

/** Reads the theme where the matrix stands. */
export function matrixInk(element: HTMLElement): MatrixInk {
  const ground = bytesOf(element, 'var(--dlt-sunken)');
  return {
    right: ramp(ground, bytesOf(element, 'var(--dlt-run)')),
    wrong: ramp(ground, bytesOf(element, 'var(--dlt-wrong)')),
    ground: cssOf(ground),
    surface: cssOf(bytesOf(element, 'var(--dlt-surface)')),
    text: cssOf(bytesOf(element, 'var(--dlt-text)')),
    muted: cssOf(bytesOf(element, 'var(--dlt-muted)')),
    font: getComputedStyle(element).fontFamily
  };
}

/** One pixel a cell: enlarged without smoothing, it is the matrix. */
export function pixels(depths: Uint8Array, size: number, ink: MatrixInk): HTMLCanvasElement {
  const sheet = document.createElement('canvas');
  sheet.width = size;
  sheet.height = size;
  const context = sheet.getContext('2d');
  if (context === null || size === 0) {
    return sheet;
  }
  const image = context.createImageData(size, size);
  const { data } = image;
  for (let at = 0; at < depths.length; at++) {
    const table = at % (size + 1) === 0 ? ink.right : ink.wrong;
    const from = 3 * (depths[at] ?? 0);
    data[4 * at] = table[from] ?? 0;
    data[4 * at + 1] = table[from + 1] ?? 0;
    data[4 * at + 2] = table[from + 2] ?? 0;
    data[4 * at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return sheet;
}

/** Where the matrix lies on its canvas, in CSS pixels. */
export interface Layout {
  cell: number;
  /** Room for the labels at the left and above. */
  left: number;
  top: number;
  width: number;
  height: number;
  /** How far it is scrolled. */
  x: number;
  y: number;
}

export interface Drawing {
  sheet: HTMLCanvasElement;
  depths: Uint8Array;
  labels: string[];
  /** What stands in a cell; `null` where there is no room. */
  text: ((truth: number, predicted: number) => string) | null;
  marked: { truth: number; predicted: number } | null;
  pointed: { truth: number; predicted: number } | null;
}

/** Draws what is in sight: the cells, and over them the labels, which stay where they are while it scrolls. */
export function paintMatrix(
  context: CanvasRenderingContext2D,
  drawing: Drawing,
  layout: Layout,
  ink: MatrixInk
): void {
  const { sheet, labels } = drawing;
  const { cell, left, top, width, height, x, y } = layout;
  const size = labels.length;
  context.fillStyle = ink.surface;
  context.fillRect(0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(left, top, width - left, height - top);
  context.clip();
  context.imageSmoothingEnabled = false;
  context.drawImage(sheet, left - x, top - y, size * cell, size * cell);
  const columns = seen(x, width - left, cell, size);
  const rows = seen(y, height - top, cell, size);
  if (drawing.text !== null) {
    numbers(context, drawing, layout, ink, rows, columns);
  }
  frame(context, drawing.pointed, layout, ink.text, 1);
  frame(context, drawing.marked, layout, ink.text, 2.5);
  context.restore();
  captions(context, drawing, layout, ink, rows, columns);
}

type Span = [from: number, to: number];

function seen(scrolled: number, room: number, cell: number, size: number): Span {
  return [Math.floor(scrolled / cell), Math.min(size, Math.ceil((scrolled + room) / cell))];
}

function numbers(
  context: CanvasRenderingContext2D,
  { text, depths, labels }: Drawing,
  { cell, left, top, x, y }: Layout,
  ink: MatrixInk,
  rows: Span,
  columns: Span
): void {
  context.font = `${Math.min(12, Math.floor(cell / 2.6))}px ${ink.font}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (let row = rows[0]; row < rows[1]; row++) {
    for (let column = columns[0]; column < columns[1]; column++) {
      const depth = depths[row * labels.length + column] ?? 0;
      if (depth > 0) {
        const table = row === column ? ink.right : ink.wrong;
        const under = [...table.subarray(3 * depth, 3 * depth + 3)] as Rgb;
        context.fillStyle = lightness(under) > 0.62 ? '#000' : '#fff';
        const middle = [left - x + (column + 0.5) * cell, top - y + (row + 0.5) * cell] as const;
        context.fillText(text?.(row, column) ?? '', ...middle);
      }
    }
  }
}

function frame(
  context: CanvasRenderingContext2D,
  at: Drawing['marked'],
  { cell, left, top, x, y }: Layout,
  colour: string,
  thick: number
): void {
  if (at !== null) {
    context.strokeStyle = colour;
    context.lineWidth = thick;
    const inset = thick / 2;
    context.strokeRect(
      left - x + at.predicted * cell + inset,
      top - y + at.truth * cell + inset,
      cell - thick,
      cell - thick
    );
  }
}

function captions(
  context: CanvasRenderingContext2D,
  { labels, marked, pointed }: Drawing,
  { cell, left, top, x, y, width, height }: Layout,
  ink: MatrixInk,
  rows: Span,
  columns: Span
): void {
  context.font = `${Math.min(12, Math.max(10, cell - 1))}px ${ink.font}`;
  context.textBaseline = 'middle';
  // Where cells are smaller than letters, every so many are named.
  const each = Math.max(1, Math.ceil(10 / cell));
  const strong = (index: number, of: 'truth' | 'predicted') =>
    index === marked?.[of] || index === pointed?.[of];
  context.save();
  context.beginPath();
  context.rect(0, top, left, height - top);
  context.clip();
  context.textAlign = 'right';
  for (let row = rows[0]; row < rows[1]; row++) {
    if (row % each === 0 || strong(row, 'truth')) {
      context.fillStyle = strong(row, 'truth') ? ink.text : ink.muted;
      context.fillText(fitting(context, labels[row] ?? '', left - 8), left - 5, top - y + (row + 0.5) * cell);
    }
  }
  context.restore();
  context.save();
  context.beginPath();
  context.rect(left, 0, width - left, top);
  context.clip();
  context.textAlign = 'left';
  for (let column = columns[0]; column < columns[1]; column++) {
    if (column % each === 0 || strong(column, 'predicted')) {
      context.fillStyle = strong(column, 'predicted') ? ink.text : ink.muted;
      context.save();
      context.translate(left - x + (column + 0.5) * cell, top - 5);
      context.rotate(-Math.PI / 2);
      context.fillText(fitting(context, labels[column] ?? '', top - 8), 0, 0);
      context.restore();
    }
  }
  context.restore();
}

const shortened = new Map<string, string>();

/** The label, or as much of it as there is room for. */
function fitting(context: CanvasRenderingContext2D, label: string, room: number): string {
  const key = `${context.font} ${room} ${label}`;
  let text = shortened.get(key);
  if (text === undefined) {
    text = label;
    for (let length = label.length - 1; length > 0 && context.measureText(text).width > room; length--) {
      text = `${label.slice(0, length)}…`;
    }
    if (shortened.size > 5000) {
      shortened.clear();
    }
    shortened.set(key, text);
  }
  return text;
}
