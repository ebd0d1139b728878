import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Frame, Tween } from '../../src/charts/tween';

const FIRST: Frame = { x: [0, 100], y: [1, 10] };
const SECOND: Frame = { x: [0, 200], y: [1, 1000] };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['requestAnimationFrame', 'cancelAnimationFrame', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function watched(): { tween: Tween; drawn: Frame[] } {
  const drawn: Frame[] = [];
  return { tween: new Tween(frame => drawn.push(frame)), drawn };
}

describe('Tween', () => {
  it('takes the first target at once and eases to the next', () => {
    const { tween, drawn } = watched();
    tween.to(FIRST, false);
    expect(drawn).toEqual([FIRST]);
    tween.to(SECOND, false);
    vi.advanceTimersByTime(100);
    const halfway = drawn.at(-1)?.x[1] ?? 0;
    expect(halfway).toBeGreaterThan(100);
    expect(halfway).toBeLessThan(200);
    vi.advanceTimersByTime(400);
    expect(drawn.at(-1)).toEqual(SECOND);
    const ends = drawn.map(frame => frame.x[1]);
    expect(ends).toEqual([...ends].sort((a, b) => a - b));
  });

  it('draws once, where it is, for a target it has reached', () => {
    const { tween, drawn } = watched();
    tween.to(FIRST, false);
    tween.to({ x: [0, 100], y: [1, 10] }, false);
    vi.advanceTimersByTime(400);
    expect(drawn).toEqual([FIRST, FIRST]);
  });

  it('is not held up by targets that come faster than it arrives', () => {
    const { tween, drawn } = watched();
    tween.to(FIRST, false);
    tween.to(SECOND, false);
    for (let i = 0; i < 6; i += 1) {
      vi.advanceTimersByTime(50);
      tween.to({ ...SECOND }, false);
    }
    expect(drawn.at(-1)).toEqual(SECOND);
  });

  it('eases a logarithmic axis by factors', () => {
    const { tween, drawn } = watched();
    tween.to(FIRST, true);
    tween.to(SECOND, true);
    vi.advanceTimersByTime(50);
    const [low, high] = drawn.at(-1)?.y ?? [0, 0];
    expect(low).toBeCloseTo(1);
    expect(high).toBeGreaterThan(10);
    expect(high).toBeLessThan(900);
  });

  it('takes every target at once for a person who wants less motion', () => {
    vi.spyOn(globalThis, 'matchMedia').mockReturnValue({ matches: true } as MediaQueryList);
    const { tween, drawn } = watched();
    tween.to(FIRST, false);
    tween.to(SECOND, false);
    expect(drawn.at(-1)).toEqual(SECOND);
  });
});
