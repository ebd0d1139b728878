import type { Rgb } from '../model/ramp';

const BLACK: Rgb = [0, 0, 0];

/** Reads a colour of the style sheet where `element` stands, as the bytes that a picture is made of. */
export function bytesOf(element: HTMLElement, css: string): Rgb {
  const probe = document.createElement('span');
  probe.style.display = 'none';
  probe.style.color = css;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  const canvas = document.createElement('canvas');
  canvas.width = 1;
  canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) {
    return BLACK;
  }
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const { data } = context.getImageData(0, 0, 1, 1);
  return [data[0] ?? 0, data[1] ?? 0, data[2] ?? 0];
}

/** A colour as CSS has it. */
export function cssOf([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}
