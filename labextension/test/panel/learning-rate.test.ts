import { describe, expect, it } from 'vitest';
import { parseRate } from '../../src/panel/learning-rate';

describe('parseRate', () => {
  it.each([
    ['1e-3', 1e-3],
    [' 0.05 ', 0.05],
    ['1E-4', 1e-4],
    ['', null],
    ['0', null],
    ['-1', null],
    ['fast', null],
    ['1e999', null]
  ])('reads %j as %s', (text, rate) => expect(parseRate(text)).toBe(rate));
});
