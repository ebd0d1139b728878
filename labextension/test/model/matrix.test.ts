import { describe, expect, it } from 'vitest';
import { hits, mostConfused, rowTotals, shade, strength } from '../../src/model/matrix';

const confusion = {
  epoch: 3,
  labels: ['a', 'b', 'c'],
  matrix: [
    [8, 2, 0],
    [1, 5, 4],
    [0, 0, 0]
  ]
};

describe('confusion matrix', () => {
  it('counts rows and hits', () => {
    expect(rowTotals(confusion)).toEqual([10, 10, 0]);
    expect(hits(confusion)).toEqual({ right: 13, all: 20 });
  });

  it('lists the pairs most often confused', () => {
    expect(mostConfused(confusion, 2)).toEqual([
      { truth: 1, predicted: 2, count: 4, share: 0.4 },
      { truth: 0, predicted: 1, count: 2, share: 0.2 }
    ]);
    expect(mostConfused({ ...confusion, matrix: [[1]], labels: ['a'] }, 5)).toEqual([]);
  });

  it('lifts rare mistakes and knows an empty class', () => {
    expect(strength(1, 100, false)).toBeCloseTo(0.1);
    expect(strength(1, 100, true)).toBeCloseTo(0.01);
    expect(strength(0, 0, true)).toBe(0);
  });
});

/** As in theme.css: the palette in the light and in the dark, and the surfaces it may stand on. */
const THEMES = [
  {
    palette: ['#0068b3', '#c04a08', '#007d5c', '#97398b', '#8a6600', '#007793'],
    surface: '#f6f6f6',
    text: '#1f1f1f',
    deep: '#ffffff'
  },
  {
    palette: ['#5ab4f5', '#ff9a5c', '#3fcda3', '#e39bd8', '#e8c547', '#4fd0e7'],
    surface: '#272727',
    text: '#e3e3e3',
    deep: '#000000'
  },
  {
    palette: ['#5ab4f5', '#ff9a5c', '#3fcda3', '#e39bd8', '#e8c547', '#4fd0e7'],
    surface: '#1b1b1b',
    text: '#ffffff',
    deep: '#000000'
  }
];

function channels(colour: string): number[] {
  return [1, 3, 5].map(at => Number.parseInt(colour.slice(at, at + 2), 16));
}

function luminance(rgb: number[]): number {
  const [red = 0, green = 0, blue = 0] = rgb
    .map(value => value / 255)
    .map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: number[], b: number[]): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

describe('shade', () => {
  it.each(THEMES)('leaves every number legible on $surface', ({ palette, surface, text, deep }) => {
    const inks = { light: text, middle: '#000000', deep };
    const under = channels(surface);
    for (const colour of palette) {
      for (let percent = 0; percent <= 100; percent++) {
        const { depth, tone } = shade(percent / 100);
        const cell = channels(colour).map((value, i) => depth * value + (1 - depth) * (under[i] ?? 0));
        expect(contrast(cell, channels(inks[tone])), `${colour} at ${percent} %`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it('is stronger for more', () => {
    const depths = Array.from({ length: 101 }, (_, percent) => shade(percent / 100).depth);
    expect(depths).toEqual([...depths].sort((a, b) => a - b));
    expect([depths.at(0), depths.at(-1)]).toEqual([0, 1]);
  });
});
