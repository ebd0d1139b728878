import { describe, expect, it } from 'vitest';
import type { FollowingTracker } from '../../src/contract';
import { clock } from '../../src/model/format';
import { called, isPage, told } from '../../src/model/tracking';
import { LANGUAGES } from '../../src/words/words';
import { trackingEn } from '../../src/words/tracking';
import { tracker } from '../snapshot';

const NOW = '2026-03-14T09:30:00Z';
const says = (changes: Partial<FollowingTracker>) => told(tracker(changes), NOW, trackingEn);

describe('isPage', () => {
  it.each([
    ['http://localhost:5000/#/experiments/1', true],
    ['HTTPS://tracker.lab', true],
    [null, false],
    ['', false],
    ['/runs/tensorboard', false],
    ['file:///etc/passwd', false],
    ['javascript:alert(1)//http://', false],
    ['\u0001javascript:alert(1)', false],
    ['java\nscript:alert(1)', false],
    ['data:text/html,<script>', false],
    ['blob:http://localhost/1', false],
    ['//tracker.lab', false],
    [' http://tracker.lab', false]
  ])('takes %j for a page: %s', (url, page) => expect(isPage(url)).toBe(page));
});

describe('told', () => {
  it('says how far the copy is, or why it is behind and since when', () => {
    expect(says({ state: 'waiting', step: 0 })).toBe('MLflow: nothing sent yet');
    expect(says({ state: 'following' })).toBe('MLflow: 12,000 steps sent');
    expect(says({ state: 'delivered' })).toBe('MLflow: all 12,000 steps sent');
    const since = clock(tracker().updated_at, NOW);
    expect(says({ state: 'behind', message: 'It is off.' })).toBe(
      `MLflow: behind since ${since}, 12,000 steps sent. It is off.`
    );
    expect(says({ state: 'behind' })).not.toContain('null');
  });

  it('says of how many steps where the run has ended', () => {
    const ended = { step: 900, steps: 12_000 };
    expect(says({ state: 'catching_up', ...ended })).toBe('MLflow: catching up, 900 of 12,000 steps sent');
    expect(says({ state: 'behind', message: 'It is off.', ...ended })).toMatch(
      /, 900 of 12,000 steps sent\. It/
    );
    expect(says({ state: 'following', step: 900, steps: null })).toBe('MLflow: 900 steps sent');
  });

  it('names each state in each language', () => {
    for (const { tracking } of Object.values(LANGUAGES)) {
      expect(called(tracker({ state: 'behind' }), tracking)).toBe(`MLflow (${tracking.late})`);
      expect(called(tracker({ state: 'catching_up' }), tracking)).toBe(`MLflow (${tracking.catchingUp})`);
      expect(tracking.of('1', '2')).toMatch(/^1 \S+ 2$/);
      expect(called(tracker({ state: 'delivered' }), tracking)).toBe('MLflow');
      const all = (['waiting', 'following', 'catching_up', 'behind', 'delivered'] as const).map(state =>
        told(tracker({ state }), NOW, tracking)
      );
      expect(new Set(all).size).toBe(5);
    }
  });
});
