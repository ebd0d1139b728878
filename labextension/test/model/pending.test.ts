import { describe, expect, it } from 'vitest';
import { answered, ask, doing, outcome, settle, underWay } from '../../src/model/pending';
import { control, snapshot } from '../snapshot';

describe('pending verbs', () => {
  it('end when a newer control of that kind is recorded', () => {
    const before = snapshot({ controls: [control(4, 'pause', 'done')] });
    const pending = [ask('pause', before)];
    expect(settle(pending, before, 0)).toHaveLength(1);
    const after = snapshot({ controls: [control(5, 'pause', 'requested'), ...before.controls] });
    expect(settle(pending, after, 0)).toHaveLength(0);
    expect(underWay([], after.controls)).toEqual(new Set(['pause']));
  });

  it('end when the state changes, as resuming a dead run makes no control', () => {
    const dead = snapshot({ run: { ...snapshot().run, state: 'lost' } });
    expect(settle([ask('resume', dead)], snapshot(), 0)).toHaveLength(0);
  });

  it('are given up some seconds after they were taken in, not before', () => {
    const taken = { ...ask('checkpoint', snapshot()), accepted: 1000 };
    expect(settle([taken], snapshot(), 2000)).toHaveLength(1);
    expect(settle([taken], snapshot(), 9000)).toHaveLength(0);
    expect(settle([{ ...taken, accepted: null }], snapshot(), 90_000)).toHaveLength(1);
  });
});

describe('answers', () => {
  it('are controls that came or were finished since', () => {
    const before = [control(2, 'pause', 'requested'), control(1, 'set', 'done')];
    const after = [
      control(3, 'stop', 'refused', 'It has ended.'),
      control(2, 'pause', 'done', 'Paused at step 7.'),
      control(1, 'set', 'done')
    ];
    expect(answered(before, after).map(({ id }) => id)).toEqual([2, 3]);
    expect(answered(after, after)).toEqual([]);
  });

  it('say what was done, or at least that it was', () => {
    expect(outcome(control(2, 'pause', 'done', 'Paused at step 7.'))).toBe('Paused at step 7.');
    expect(outcome(control(2, 'pause', 'done'))).toBe('Pause: done.');
    expect(outcome(control(2, 'pause', 'refused', ''))).toBe('Pause was refused.');
    expect(doing('pause')).toBe('Pausing…');
    expect(doing('dance')).toBe('dance…');
  });
});
