/** Shapes, counts and sentences as the builder writes them. */

const BYTES_EACH = 4;

/** `[32, 8, 8]` → `32 × 8 × 8`. */
export function shapeText(shape: readonly number[]): string {
  return shape.map(length => String(length)).join(' × ');
}

/** Reads what {@link shapeText} writes, and what people write: `3x32x32`, `(3, 32, 32)`; `null` if it is none. */
export function readShape(text: string): number[] | null {
  const parts = text
    .replace(/[()[\]]/g, ' ')
    .split(/[\s,;x×*]+/i)
    .filter(part => part !== '');
  const lengths = parts.map(Number);
  const right = lengths.length >= 1 && lengths.length <= 3;
  return right && lengths.every(length => Number.isInteger(length) && length >= 1 && length <= 1e6)
    ? lengths
    : null;
}

/** `4640` → `4.6 k`; what is below a thousand in full. */
export function countText(count: number): string {
  if (count < 1000) {
    return String(count);
  }
  const units: [string, number][] = [
    ['k', 1e3],
    ['M', 1e6],
    ['G', 1e9],
    ['T', 1e12]
  ];
  const rounded = Number(count.toPrecision(3));
  const [unit, size] = units.findLast(([, size]) => rounded >= size) ?? ['k', 1e3];
  const value = rounded / size;
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${unit}`;
}

/** How much memory parameters take, four bytes each: `0.02 MB`. */
export function memoryText(parameters: number): string {
  const megabytes = (parameters * BYTES_EACH) / 1e6;
  return `${megabytes >= 10 ? megabytes.toFixed(0) : megabytes.toPrecision(2)} MB`;
}

/** A sentence without the setting it begins with, where it stands says that. */
export function withoutKey(path: readonly string[], message: string): string {
  const key = `${path.join('.')}: `;
  return message.startsWith(key) ? capital(message.slice(key.length)) : message;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
