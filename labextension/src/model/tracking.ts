import type { FollowingTracker, TrackerPlace, TrackingState } from '../contract';
import type { TrackingWords } from '../words/tracking';
import { clock, count } from './format';

/** Whether a click may lead there: `javascript:` would be run, and a browser opens no folders from a page. */
export function isPage(url: string | null): url is string {
  return /^https?:\/\//i.test(url ?? '');
}

/** What a tracker is called; one that is out of reach, or lacks the end of its run, says so. */
export function called({ label, state }: TrackerPlace, { late, catchingUp }: TrackingWords): string {
  const why = { behind: late, catching_up: catchingUp } as Partial<Record<TrackingState, string>>;
  return state in why ? `${label} (${why[state]})` : label;
}

/** How far a tracker's copy is, or why it is behind, in a sentence. */
export function told(tracker: FollowingTracker, now: string, { states, of }: TrackingWords): string {
  const { label, state, step, steps, updated_at, message } = tracker;
  const sent = typeof steps === 'number' ? of(count(step), count(steps)) : count(step);
  return `${label}: ${states[state](sent, clock(updated_at, now), message ?? '')}`;
}
