import type { Snapshot } from '../src/contract';
import { at } from './recording';

const STOPPED = ['resume', 'delete'];
/** The step at which runs are looked at that haven't ended. */
export const HALF = 1140;

export function phase(state: 'pending' | 'running', name: 'waiting' | 'starting'): Snapshot {
  const snapshot = at(0);
  return {
    ...snapshot,
    run: { ...snapshot.run, state },
    progress: {
      ...snapshot.progress,
      epoch: 0,
      phase: name,
      steps: null,
      steps_per_epoch: null,
      steps_per_second: null,
      seconds_left: null,
      learning_rate: null
    },
    best: null,
    events: []
  };
}

export function asked(snapshot: Snapshot, kind: string): Snapshot {
  const control = {
    id: 9,
    kind,
    arguments: {},
    status: 'requested' as const,
    outcome: null,
    step: null,
    requested_by: 'panel',
    requested_at: snapshot.now
  };
  return { ...snapshot, controls: [control, ...snapshot.controls] };
}

export function paused(): Snapshot {
  const snapshot = at(HALF);
  const outcome = 'Paused at step 1,140 (epoch 13).';
  return {
    ...snapshot,
    run: { ...snapshot.run, state: 'paused' },
    progress: { ...snapshot.progress, steps_per_second: null, seconds_left: null },
    controls: [
      {
        id: 3,
        kind: 'pause',
        arguments: {},
        status: 'done',
        outcome,
        step: HALF,
        requested_by: 'panel',
        requested_at: snapshot.now
      },
      ...snapshot.controls
    ],
    events: [{ at: snapshot.now, kind: 'paused', message: outcome, step: HALF }, ...snapshot.events]
  };
}

export function ended(
  state: 'suspended' | 'stopped' | 'completed' | 'failed' | 'lost',
  step: number
): Snapshot {
  const snapshot = at(step);
  const sentence = {
    suspended: 'Suspended at step 1,140 (epoch 13).',
    stopped: 'Stopped at step 1,140 (epoch 13).',
    completed: 'Completed 20 epochs in 4.4 s.',
    failed: 'The training failed.',
    lost: 'The trainer (process 21734) died.'
  }[state];
  return {
    ...snapshot,
    run: { ...snapshot.run, state },
    progress: { ...snapshot.progress, phase: 'ended', steps_per_second: null, seconds_left: null },
    events: [{ at: snapshot.now, kind: state, message: sentence, step }, ...snapshot.events],
    allowed: state === 'completed' ? ['delete'] : STOPPED
  };
}

export function failed(): Snapshot {
  const snapshot = ended('failed', HALF);
  return {
    ...snapshot,
    run: {
      ...snapshot.run,
      error: {
        type: 'RuntimeError',
        message: 'mat1 and mat2 shapes cannot be multiplied (16x384 and 392x10)',
        traceback: `Traceback (most recent call last):
  File "<cell 7>", line 14, in forward
    return self.head(self.features(x).flatten(1))
  File "<cell 7>", line 9, in features
    x = self.pool(torch.relu(self.conv2(x)))
RuntimeError: mat1 and mat2 shapes cannot be multiplied (16x384 and 392x10)
`,
        step: HALF + 1
      }
    }
  };
}

export function unbuildable(): Snapshot {
  const snapshot = ended('lost', HALF);
  const notice =
    'This run can’t outlive its kernel: the model’s class holds an open file, which can’t be pickled.';
  return {
    ...snapshot,
    run: { ...snapshot.run, rebuildable: false, notices: [notice] },
    allowed: ['delete']
  };
}
