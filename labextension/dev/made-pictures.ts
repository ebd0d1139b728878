import { chance } from './made-evaluation';

/** A small grey picture of a label, somewhat turned and noisy, as handwriting is. */
export function pictureOf(label: string, index: number): string {
  const canvas = document.createElement('canvas');
  canvas.width = 28;
  canvas.height = 28;
  const context = canvas.getContext('2d');
  if (context === null) {
    return '';
  }
  context.fillStyle = '#000';
  context.fillRect(0, 0, 28, 28);
  context.translate(14, 15);
  context.rotate((chance(index, 21) - 0.5) * 0.7);
  context.fillStyle = '#fff';
  context.font = `${label.length > 2 ? 9 : 22}px serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(label.slice(0, 6), 0, 0);
  return canvas.toDataURL('image/png');
}

const SIDE = 64;

/** A picture of some shapes, with what is there and what was found. */
export function shapesOf(index: number, task: 'segmentation' | 'detection', error: number) {
  const number = 1 + Math.floor(3 * chance(index, 31));
  const shapes = Array.from({ length: number }, (_, i) => ({
    kind: Math.floor(3 * chance(index, 32, i)),
    x: 12 + 40 * chance(index, 33, i),
    y: 12 + 40 * chance(index, 34, i),
    r: 6 + 8 * chance(index, 35, i)
  }));
  const off = (i: number, seed: number) => 14 * error * (chance(index, seed, i) - 0.5);
  const found = shapes.map((shape, i) => ({
    ...shape,
    x: shape.x + off(i, 36),
    y: shape.y + off(i, 37),
    r: shape.r * (1 + off(i, 38) / 14)
  }));
  const colours = ['#d97b53', '#5c9bd1', '#8dbf67'];
  const image = drawn('#2c313a', shapes, ({ kind }) => colours[kind] ?? '#fff');
  const box = ({ x, y, r }: (typeof shapes)[number]) => [x - r, y - r, x + r, y + r];
  const grey = ({ kind }: { kind: number }) => `rgb(${kind + 1} ${kind + 1} ${kind + 1})`;
  return task === 'segmentation'
    ? {
        image,
        true_mask: drawn('#000', shapes, grey),
        mask: drawn('#000', found, grey),
        size: [SIDE, SIDE] as [number, number]
      }
    : {
        image,
        true_boxes: shapes.map(shape => [...box(shape), shape.kind]),
        boxes: found.map((shape, i) => [...box(shape), 0.55 + 0.44 * chance(index, 39, i), shape.kind]),
        size: [SIDE, SIDE] as [number, number]
      };
}

interface Shape {
  kind: number;
  x: number;
  y: number;
  r: number;
}

function drawn(ground: string, shapes: Shape[], colour: (shape: Shape) => string): string {
  const canvas = document.createElement('canvas');
  canvas.width = SIDE;
  canvas.height = SIDE;
  const context = canvas.getContext('2d');
  if (context === null) {
    return '';
  }
  context.fillStyle = ground;
  context.fillRect(0, 0, SIDE, SIDE);
  for (const shape of shapes) {
    const { kind, x, y, r } = shape;
    context.fillStyle = colour(shape);
    // Rows of whole pixels: edges without shades, so that a mask holds nothing but class ids.
    for (let row = Math.round(y - r); row < y + r; row++) {
      const above = (row - y) / r;
      const half =
        kind === 0 ? r * Math.sqrt(Math.max(0, 1 - above ** 2)) : kind === 1 ? r : (r * (1 + above)) / 2;
      context.fillRect(Math.round(x - half), row, Math.round(2 * half), 1);
    }
  }
  return canvas.toDataURL('image/png');
}

/** Where a model looked: a soft spot somewhere in the middle. */
export function heatOf(index: number): string {
  const canvas = document.createElement('canvas');
  canvas.width = 28;
  canvas.height = 28;
  const context = canvas.getContext('2d');
  if (context === null) {
    return '';
  }
  const [x, y] = [8 + 12 * chance(index, 41), 8 + 12 * chance(index, 42)];
  const spot = context.createRadialGradient(x, y, 1, x, y, 13);
  spot.addColorStop(0, '#fff');
  spot.addColorStop(1, '#000');
  context.fillStyle = spot;
  context.fillRect(0, 0, 28, 28);
  return canvas.toDataURL('image/png');
}
