import { describe, expect, it } from 'vitest';
import { type Layer, bars, large, shape } from '../../src/model/layers';

const layer = (parameters: number, flops: number | null): Layer => ({
  name: 'a',
  type: 'Linear',
  input_shape: null,
  output_shape: null,
  parameters,
  trainable: parameters,
  flops,
  milliseconds: null
});

describe('the layers of a model', () => {
  it('tell their shapes, with what isn’t fixed', () => {
    expect([[null, 28, 28], [], null].map(shape)).toEqual(['? × 28 × 28', '1', '–']);
  });

  it('tell large numbers shortly', () => {
    expect([0, 999, 1000, 1_234_567, 999_600, 4.1e9, null].map(large)).toEqual([
      '0',
      '999',
      '1.00 k',
      '1.23 M',
      '1.00 M',
      '4.10 G',
      '–'
    ]);
  });

  it('are measured by the largest', () => {
    expect(bars([layer(10, 5), layer(40, null)], 'parameters')).toEqual([0.25, 1]);
    expect(bars([layer(10, 5), layer(40, null)], 'flops')).toEqual([1, 0]);
    expect(bars([layer(0, 0)], 'milliseconds')).toEqual([0]);
  });
});
