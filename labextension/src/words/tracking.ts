import type { TrackingState } from '../contract';

/** What is said of the copies that trackers have of a run, in English; a notebook's panel says it in no other language. */
export const trackingEn = {
  /** Of a tracker that is out of reach, behind its name. */
  late: 'behind',
  /** Behind the name of a tracker that is still being sent the rest of a run that has ended. */
  catchingUp: 'catching up',
  /** How many steps were sent, and of how many. */
  of: (step: string, steps: string) => `${step} of ${steps}`,
  /** By state: `steps` of them were sent, it is so `since`, `why` says what is in the way. */
  states: {
    waiting: () => 'nothing sent yet',
    following: steps => `${steps} steps sent`,
    catching_up: steps => `catching up, ${steps} steps sent`,
    behind: (steps, since, why) => `behind since ${since}, ${steps} steps sent. ${why}`,
    delivered: steps => `all ${steps} steps sent`
  } as Record<TrackingState, (steps: string, since: string, why: string) => string>
};

export type TrackingWords = typeof trackingEn;
