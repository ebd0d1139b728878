import { describe, expect, it } from 'vitest';
import { runColour, runColours } from '../../src/charts/colours';

const ids = Array.from({ length: 14 }, (_, i) => `run-${i}`);

describe('runColours', () => {
  it('gives a run alone the colour it has everywhere', () => {
    for (const id of ids) {
      expect(runColours([id], new Map()).get(id)?.css).toBe(runColour(id));
    }
  });

  it('gives six runs six colours, though all want the same', () => {
    const crowd = Array.from({ length: 100 }, (_, i) => `run-${i}`)
      .filter(id => runColour(id) === runColour('run-0'))
      .slice(0, 6);
    const given = [...runColours(crowd, new Map()).values()];
    expect(new Set(given.map(({ css }) => css)).size).toBe(6);
    expect(given.every(({ round }) => round === 0)).toBe(true);
  });

  it('tells further runs apart by their round', () => {
    const given = [...runColours(ids, new Map()).values()];
    expect(new Set(given.map(({ css, round }) => `${css} ${round}`)).size).toBe(ids.length);
    expect(Math.max(...given.map(({ round }) => round))).toBe(2);
  });

  it('keeps the colours of runs that stay', () => {
    const before = runColours(ids.slice(0, 8), new Map());
    const after = runColours(ids.slice(3), before);
    for (const id of ids.slice(3, 8)) {
      expect(after.get(id)).toEqual(before.get(id));
    }
    expect(after.has('run-0')).toBe(false);
  });
});
