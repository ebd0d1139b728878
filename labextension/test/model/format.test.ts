import { describe, expect, it } from 'vitest';
import * as format from '../../src/model/format';

describe('metric', () => {
  it.each([
    [0.984210526, '0.9842'],
    [12.3456, '12.35'],
    [1204.4, '1,204'],
    [0, '0'],
    [-0.25, '-0.2500'],
    [4.2123e-5, '4.21e-5'],
    [3.2e7, '3.2e7'],
    [null, '–'],
    [undefined, '–'],
    [Number.NaN, '–']
  ])('shows %s as %s', (value, text) => expect(format.metric(value)).toBe(text));
});

describe('learningRate', () => {
  it.each([
    [1e-3, '1e-3'],
    [3.2e-4, '3.2e-4'],
    [0.05, '0.05'],
    [0.0123456, '0.0123'],
    [0, '0'],
    [null, '–']
  ])('shows %s as %s', (value, text) => expect(format.learningRate(value)).toBe(text));
});

describe('timeLeft', () => {
  it.each([
    [0, '0 s'],
    [3.2, '4 s'],
    [11, '15 s'],
    [56, '1 min'],
    [100, '2 min'],
    [3599, '1 h'],
    [3700, '1 h 2 min'],
    [5 * 3600 + 120, '5 h'],
    [90_000, '1 d 1 h'],
    [null, '–'],
    [-1, '–']
  ])('says %s seconds as %s', (seconds, text) => expect(format.timeLeft(seconds)).toBe(text));

  it('changes seldom while the seconds run', () => {
    const shown = new Set(Array.from({ length: 600 }, (_, i) => format.timeLeft(3600 + i / 10)));
    expect(shown.size).toBeLessThanOrEqual(2);
  });
});

describe('duration', () => {
  it.each([
    [4.23, '4.2 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [192, '3 min 12 s'],
    [180, '3 min'],
    [7500, '2 h 5 min'],
    [null, '–']
  ])('says %s seconds as %s', (seconds, text) => expect(format.duration(seconds)).toBe(text));
});

describe('percent', () => {
  it('rounds, and says 100 % only of what is whole', () => {
    expect(format.percent(0.9369)).toBe('94 %');
    expect(format.percent(0.9987, 1)).toBe('99.9 %');
    expect(format.percent(0.9996, 1)).toBe('> 99.9 %');
    expect(format.percent(0.9999)).toBe('> 99 %');
    expect(format.percent(1)).toBe('100 %');
    expect(format.percent(0.36)).toBe('36 %');
    expect(format.percent(1.2)).toBe('100 %');
    expect(format.percent(-0.1)).toBe('0 %');
  });

  it('counts of work only what is done', () => {
    expect(format.done(0.9999)).toBe('99 %');
    expect(format.done(0.369)).toBe('36 %');
    expect(format.done(1)).toBe('100 %');
  });
});

describe('share', () => {
  it('rounds, and knows no share of nothing', () => {
    expect(format.share(2, 142)).toBe('1.4 %');
    expect(format.share(0, 0)).toBe('–');
  });
});

describe('size', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_264_321, '1.3 MB'],
    [999_999, '1.0 MB'],
    [250_000_000, '250 MB'],
    [3.2e13, '32.0 TB']
  ])('says %s bytes as %s', (bytes, text) => expect(format.size(bytes)).toBe(text));
});

describe('speed', () => {
  it.each([
    [812.4, '812 steps/s'],
    [41.26, '41.3 steps/s'],
    [0.4215, '0.42 steps/s'],
    [12_345, '12,345 steps/s'],
    [null, '– steps/s']
  ])('says %s as %s', (value, text) => expect(format.speed(value)).toBe(text));
});

describe('clock', () => {
  it('leaves the date out on the same day only', () => {
    expect(format.clock('2026-03-14T09:26:53', '2026-03-14T20:00:00')).toBe('09:26:53');
    expect(format.clock('2026-03-14T09:26:53', '2026-03-15T20:00:00')).toBe('14 Mar 09:26:53');
    expect(format.clock('soon', '2026-03-15T20:00:00')).toBe('–');
  });
});

describe('tick', () => {
  it('is short', () => {
    expect([0, 0.25, 0.0005, 1250, 2e6].map(value => format.tick(value))).toEqual([
      '0',
      '0.25',
      '5e-4',
      '1,250',
      '2e6'
    ]);
  });

  it('tells close ones apart', () => {
    expect([0.49238, 0.4924, 0.49242].map(value => format.tick(value, 0.00002))).toEqual([
      '0.49238',
      '0.4924',
      '0.49242'
    ]);
    expect([99.99985, 99.9999].map(value => format.tick(value, 0.00005))).toEqual(['99.99985', '99.9999']);
    expect(format.tick(1, 1e-15)).toBe('1');
  });
});
