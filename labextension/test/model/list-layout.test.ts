import { describe, expect, it } from 'vitest';
import { ListLayout } from '../../src/model/list-layout';

const layout = new ListLayout(
  [
    { group: 'running', count: 2, open: true },
    { group: 'paused', count: 0, open: true },
    { group: 'finished', count: 10_000, open: true },
    { group: 'failed', count: 5, open: false }
  ],
  { head: 30, row: 50 }
);

describe('the layout of a list', () => {
  it('counts what is open', () => {
    expect(layout.size).toBe(4 + 2 + 10_000);
    expect(layout.height).toBe(4 * 30 + 10_002 * 50);
  });

  it('finds each line by its number, and back', () => {
    for (const number of [0, 1, 2, 3, 4, 5, 5000, layout.size - 2, layout.size - 1]) {
      const line = layout.line(number);
      expect(layout.number(line?.group ?? 'failed', line?.index ?? null)).toBe(number);
    }
    expect(layout.line(1)).toEqual({ group: 'running', index: 0, top: 30 });
    expect(layout.line(4)).toEqual({ group: 'finished', index: null, top: 160 });
    expect(layout.line(layout.size)).toBeNull();
    expect(layout.number('failed', 0)).toBeNull();
  });

  it('gives the lines in sight and no others', () => {
    expect(layout.between(0, 31)).toEqual([
      { group: 'running', index: null, top: 0 },
      { group: 'running', index: 0, top: 30 }
    ]);
    const far = layout.between(250_000, 250_500);
    expect(far).toHaveLength(11);
    expect(far[0]?.top).toBeLessThanOrEqual(250_000);
    expect((far.at(-1)?.top ?? 0) + 50).toBeGreaterThanOrEqual(250_500);
  });
});
