import { describe, expect, it } from 'vitest';
import { lookingCheckpoint } from '../../src/insight/model/filters';
import { checkpoint, snapshot } from '../snapshot';

const kept = (...steps: [step: number, epoch: number][]) =>
  snapshot({ checkpoints: steps.map(([step, epoch]) => ({ ...checkpoint(step, ['best']), epoch })) });

describe('The checkpoint that is asked where it looked', () => {
  it("is the one at the epoch's end, not one of its middle", () => {
    expect(lookingCheckpoint(kept([700, 4], [650, 4], [900, 5]), 4)?.step).toBe(700);
  });

  it('is the nearest one that is kept, the later of two', () => {
    const found = [1, 4, 6, 9].map(
      epoch => lookingCheckpoint(kept([360, 2], [1080, 6], [180, 1]), epoch)?.epoch
    );
    expect(found).toEqual([1, 6, 6, 6]);
  });

  it('is the newest where no epoch is looked at, and none where there is none', () => {
    expect(lookingCheckpoint(kept([360, 2], [1080, 6]), null)?.step).toBe(1080);
    expect(lookingCheckpoint(kept(), 3)).toBeNull();
  });
});
