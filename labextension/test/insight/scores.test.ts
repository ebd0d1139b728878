import { describe, expect, it } from 'vitest';
import { depths, totals } from '../../src/insight/model/cells';
import { nearest, spanOf, ticks } from '../../src/insight/model/plane';
import { type Rgb, lightness, ramp } from '../../src/insight/model/ramp';
import {
  averages,
  classKey,
  classLabel,
  columns,
  headline,
  meanPrecision,
  ordered,
  overall,
  worstFirst
} from '../../src/insight/model/scores';

const classes = [
  { label: 'cat 10', support: 5, f1: 0.9 },
  { label: 'cat 2', support: 0, f1: null },
  { label: 'dog', support: 9, f1: 0.4 }
];

describe('the table of classes', () => {
  it('begins with the worst, and what has no value comes last either way', () => {
    expect(worstFirst(classes)).toEqual({ column: 'f1', descending: false });
    expect(ordered(classes, { column: 'f1', descending: false })).toEqual([2, 0, 1]);
    expect(ordered(classes, { column: 'f1', descending: true })).toEqual([0, 2, 1]);
  });

  it('sorts names as people count', () => {
    expect(ordered(classes, { column: 'label', descending: false })).toEqual([1, 0, 2]);
  });
});

describe('curves of classes', () => {
  const some = [
    { label: 'lynx', class: 7, support: 3, f1: 0.1 },
    { label: 'cat', class: 2, support: 3, f1: 0.2 }
  ];

  it('are found by the class’s index, also where only some classes are told of', () => {
    expect(classKey(some, 1)).toBe('2');
    expect(classLabel(some, '7')).toBe('lynx');
    expect(classKey(classes, 1)).toBe('1');
    expect(classLabel(classes, '9')).toBe('9');
    expect(columns(some)).toEqual(['f1', 'support']);
  });
});

it('tells every number of the whole set, with what it is a mean of', () => {
  const summary = { overall: { accuracy: 0.9, macro: { f1: 0.8, recall: null } } } as never;
  expect(overall(summary)).toEqual([
    { name: 'accuracy', group: null, value: 0.9 },
    { name: 'f1', group: 'macro', value: 0.8 },
    { name: 'recall', group: 'macro', value: null }
  ]);
});

describe('the numbers of a classifier', () => {
  const alike = { precision: 0.9, recall: 0.9, f1: 0.9 };
  const summary = {
    overall: { accuracy: 0.9, macro: { precision: 0.7, f1: 0.8 }, micro: alike, ece: 0.1 },
    classes
  } as never;

  it('are few at first; the means stand below the classes, without what only repeats the accuracy', () => {
    expect(headline(summary).map(({ name, group }) => [name, group])).toEqual([
      ['accuracy', null],
      ['f1', 'macro'],
      ['ece', null]
    ]);
    expect(averages(summary)).toEqual([{ group: 'macro', values: { precision: 0.7, f1: 0.8 } }]);
    const several = { overall: { accuracy: 0.9, micro: { ...alike, f1: 0.8 } }, classes } as never;
    expect(averages(several).map(({ group }) => group)).toEqual(['micro']);
  });

  it('are all there where no table of classes is', () => {
    const bare = { ...(summary as object), classes: [] } as never;
    expect(headline(bare).map(({ name }) => name)).toEqual(['accuracy', 'precision', 'f1', 'ece']);
  });
});

it('gives the mean of curves of precision, however their points lie, with the mean area below it', () => {
  const falling = { x: [1, 0.5, 0], y: [0.4, 0.8, 1] };
  const short = { x: [0, 0.5, null], y: [1, 0.6, null] };
  const { x, y } = meanPrecision([falling, short]);
  const at = (recall: number) => y[x.findIndex(one => (one ?? 0) >= recall)];
  expect([at(0), at(0.25), at(0.5), at(0.75), at(1)].map(value => value?.toFixed(2))).toEqual([
    '1.00',
    '0.70',
    '0.70',
    '0.20',
    '0.20'
  ]);
});

describe('cells', () => {
  const counts = Int32Array.from([8, 2, 0, 1, 0, 0, 0, 0, 0]);
  const sums = totals(counts, 3);

  it('are summed by row and column', () => {
    expect([...sums.rows]).toEqual([10, 1, 0]);
    expect([...sums.columns]).toEqual([9, 2, 0]);
    expect(sums).toMatchObject({ right: 8, all: 11 });
  });

  it.each([
    ['counts', [204, 114, 0, 255, 0, 0, 0, 0, 0]],
    ['shares', [204, 114, 0, 255, 0, 0, 0, 0, 0]],
    ['columns', [227, 255, 0, 85, 0, 0, 0, 0, 0]]
  ] as const)('are as deep as they weigh among %s, and only empty ones have none', (shown, expected) => {
    expect([...depths(counts, 3, shown, sums)]).toEqual(expected);
  });
});

describe('the colours of a matrix', () => {
  it.each([
    ['light', [246, 246, 246], [0, 104, 179]],
    ['dark', [39, 39, 39], [90, 180, 245]]
  ] as [string, Rgb, Rgb][])('grow by equal steps for the eye in the %s', (_theme, ground, full) => {
    const table = ramp(ground, full);
    const at = (i: number) => [...table.subarray(3 * i, 3 * i + 3)] as Rgb;
    expect(at(0)).toEqual(ground);
    expect(at(255)).toEqual(full);
    const steps = Array.from(
      { length: 8 },
      (_, i) => lightness(at(31 * (i + 1))) - lightness(at(31 * i + 1))
    );
    const sizes = steps.slice(1).map(Math.abs);
    expect(Math.max(...sizes) / Math.min(...sizes)).toBeLessThan(1.15);
    expect(Math.abs(lightness(at(1)) - lightness(ground))).toBeGreaterThan(0.03);
  });
});

describe('the axes of a small chart', () => {
  it.each([
    [[0, 1], 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [[-120, 120], 5, [-100, -50, 0, 50, 100]],
    [[0, 0.3], 3, [0, 0.1, 0.2, 0.3]],
    [[2, 2], 4, [2]]
  ] as [[number, number], number, number[]][])('%j have round ticks', (span, wanted, expected) => {
    expect(ticks(span, wanted)).toEqual(expected);
  });

  it('are never empty', () => {
    expect(spanOf([])).toEqual([0, 1]);
    expect(spanOf([null, 5])).toEqual([4.8, 5.2]);
  });

  it('find the nearest point that is there', () => {
    expect(nearest([0, null, 1], 0.9)).toBe(2);
    expect(nearest([null], 1)).toBeNull();
  });
});
