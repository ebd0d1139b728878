/** Colours that grow by equal steps for the eye, as a table that a matrix is painted with. */

export type Rgb = [red: number, green: number, blue: number];

/** A filled cell is told from an empty one, however little is in it. */
const LEAST = 0.12;

/**
 * 256 colours from one to another, evenly spaced in OKLab; the first is the ground, the second already stands out.
 *
 * Source: Björn Ottosson, "A perceptual color space for image processing", 2020.
 */
export function ramp(ground: Rgb, full: Rgb): Uint8ClampedArray {
  const [from, to] = [toLab(ground), toLab(full)];
  const table = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; i++) {
    const share = i === 0 ? 0 : LEAST + (1 - LEAST) * (i / 255);
    table.set(toRgb(mixed(from, to, share)), 3 * i);
  }
  return table;
}

function mixed(from: Rgb, to: Rgb, share: number): Rgb {
  return [0, 1, 2].map(i => (from[i] ?? 0) + share * ((to[i] ?? 0) - (from[i] ?? 0))) as Rgb;
}

function toLab(rgb: Rgb): Rgb {
  const [r, g, b] = rgb.map(value => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s
  ];
}

function toRgb([lightness, a, b]: Rgb): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear: Rgb = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s
  ];
  return linear.map(value => {
    const share = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.min(1, Math.max(0, share)));
  }) as Rgb;
}

/** Lightness as the eye tells it, 0 to 1. */
export function lightness(rgb: Rgb): number {
  return toLab(rgb)[0];
}
