import type { Checkpoint, Connection, RunError, RunFacts, RunState, Snapshot } from '../contract';
import { count, metric } from './format';
import { outcome } from './pending';

/** What is out of the ordinary, in a sentence, and what to do about it. */
export interface Situation {
  tone: 'info' | 'warning' | 'error';
  title: string;
  text: string;
  /** Lines to run elsewhere. */
  command?: string;
  /** The user's own frames. */
  details?: string;
  /** Whether going on is the next action. */
  resume?: boolean;
}

/** The situations of a run, the most urgent first; a run that goes its way has none. */
export function situations(
  snapshot: Snapshot,
  connection: Connection,
  away: (connection: Connection) => Situation | null = () => disconnection(snapshot, connection)
): Situation[] {
  const found = [away(connection), state(snapshot)];
  return found.filter(situation => situation !== null);
}

function disconnection({ run }: Snapshot, connection: Connection): Situation | null {
  // A new kernel doesn’t know the magic yet.
  const command = `%load_ext dltrainer_jupyter\n%dltrain panel ${quoted(run.name)}`;
  if (connection === 'disconnected') {
    return {
      tone: 'warning',
      title: 'The kernel is gone.',
      text: survivesKernel(run)
        ? 'You see the last state it sent; the run may be going on. To watch and steer it, run these lines in a new kernel:'
        : 'You see the last state it sent. To see the whole history and go on, run these lines in a new kernel:',
      command
    };
  }
  if (connection === 'silent') {
    return {
      tone: 'info',
      title: 'No answer from the kernel yet.',
      text: 'It is busy with another cell, or gone. If it is gone, run these lines in a new kernel:',
      command
    };
  }
  return null;
}

function state(snapshot: Snapshot): Situation | null {
  const { run, progress } = snapshot;
  const resume = snapshot.allowed.includes('resume');
  const point = lastCheckpoint(snapshot);
  const from = point === null ? null : `step ${count(point.step)} (epoch ${point.epoch})`;
  const goOn =
    resume && from !== null
      ? `Resume goes on from ${from}.`
      : run.rebuildable
        ? ''
        : 'Its model lived in the kernel that started it, so it can’t be resumed elsewhere; its checkpoints stay usable.';

  switch (run.state) {
    case 'pending':
      return waiting(snapshot);
    case 'failed':
      return failure(snapshot);
    case 'lost':
      return {
        tone: 'error',
        title: 'The trainer died.',
        text: join(`Its process ended without a word at step ${count(progress.step)}.`, goOn),
        resume
      };
    case 'suspended':
      return {
        tone: 'info',
        title: 'Suspended.',
        text: join('The checkpoint is written and the memory is free.', goOn)
      };
    case 'stopped':
      return {
        tone: 'info',
        title: 'Stopped.',
        text: join(`It trained ${count(progress.step)} steps.`, goOn)
      };
    default:
      return progress.phase === 'starting' || progress.phase === 'waiting' ? waiting(snapshot) : null;
  }
}

function waiting({ run, progress }: Snapshot): Situation | null {
  if (progress.phase === 'starting') {
    return { tone: 'info', title: 'Starting.', text: 'Loading the data and building the model.' };
  }
  if (run.state !== 'pending') {
    return null;
  }
  return {
    tone: 'info',
    title: 'Waiting for a trainer.',
    text:
      progress.step > 0
        ? `It goes on from step ${count(progress.step)} as soon as one has claimed the run.`
        : 'Training begins as soon as one has claimed the run.'
  };
}

function failure(snapshot: Snapshot): Situation {
  const { run, monitor } = snapshot;
  const point = lastCheckpoint(snapshot);
  const resume = canGoOnAfterFailure(snapshot);
  const error = run.error;
  const where = error?.step == null ? '' : ` at step ${count(error.step)}`;
  const value = monitor === null ? null : (point?.metrics[monitor] ?? null);
  const known = value === null ? '' : `, ${monitor} ${metric(value)}`;
  const kept =
    point === null
      ? 'No checkpoint had been written yet.'
      : point.step === 0
        ? 'The only checkpoint is from before the first step.'
        : `The last good checkpoint is step ${count(point.step)} (epoch ${point.epoch}${known}).`;
  const next = resume
    ? 'Mend the cause, then resume to go on from there.'
    : 'Mend the cause and start it again.';
  return {
    tone: 'error',
    title: error === null ? 'The training failed.' : `${error.type}${where}: ${withoutType(error)}`,
    text: join(kept, next),
    ...(error === null || error.traceback === '' ? {} : { details: error.traceback }),
    resume
  };
}

/** Whether a failed run has trained anything that going on would keep; a new run is the better answer else. */
export function canGoOnAfterFailure(snapshot: Snapshot): boolean {
  return snapshot.allowed.includes('resume') && (lastCheckpoint(snapshot)?.step ?? 0) > 0;
}

/** The message of an error that isn't ours begins with its type. */
function withoutType({ type, message }: RunError): string {
  const prefix = `${type}: `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}

/**
 * What happened last, with its time: the answer to a control, or an event. Of a run that ended, only what
 * tells its end: what was asked of it before is history.
 */
export function newest(snapshot: Snapshot): { at: string | null; text: string } {
  const { run, controls, events } = snapshot;
  const alive = isAlive(run);
  const answered = controls.find(({ kind, status }) =>
    alive ? status !== 'requested' : status === 'done' && kind === ENDING[run.state]
  );
  const event = alive ? events[0] : events.find(({ kind }) => kind === endEvent(snapshot));
  if (
    answered !== undefined &&
    (event === undefined || Date.parse(answered.requested_at) > Date.parse(event.at))
  ) {
    return { at: answered.requested_at, text: outcome(answered) };
  }
  return event === undefined
    ? { at: null, text: UNEVENTFUL[run.state] }
    : { at: event.at, text: event.message };
}

/** The control that brings a run into a state it ends in. */
const ENDING: Partial<Record<RunState, string>> = { suspended: 'suspend', stopped: 'stop' };

/** The kind of event that tells a run's end. */
function endEvent({ run, progress }: Snapshot): string {
  return run.state === 'completed' && progress.epoch < progress.epochs ? 'early_stopping' : run.state;
}

const UNEVENTFUL: Record<RunState, string> = {
  pending: 'Waiting to begin.',
  running: 'No requests yet: pauses, stops and changed settings are told here.',
  paused: 'Resting after the last step.',
  suspended: 'Resting, with its checkpoint on the disk.',
  completed: 'All epochs are trained.',
  stopped: 'Ended before its last epoch.',
  failed: 'Ended by an error.',
  lost: 'Ended without a word.'
};

export function hasBest({ checkpoints }: Snapshot): boolean {
  return checkpoints.some(({ kinds }) => kinds.includes('best'));
}

/** Whether a trainer holds the run, or is about to. */
export function isAlive({ state }: RunFacts): boolean {
  return state === 'pending' || state === 'running' || state === 'paused';
}

/** Whether steps are being made now, so that what is known of speed and time left is of this attempt. */
export function isMoving({ run, progress }: Snapshot): boolean {
  return run.state === 'running' && (progress.phase === 'training' || progress.phase === 'validating');
}

/** Whether the training goes on when the kernel ends. */
export function survivesKernel({ executor }: RunFacts): boolean {
  return executor !== 'thread' && executor !== 'inline';
}

/** The checkpoint a resumed run goes on from. */
export function lastCheckpoint({ checkpoints }: Snapshot): Checkpoint | null {
  return checkpoints.reduce<Checkpoint | null>(
    (last, checkpoint) => (last === null || checkpoint.step > last.step ? checkpoint : last),
    null
  );
}

function quoted(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `"${name.replaceAll('"', '\\"')}"`;
}

function join(...sentences: string[]): string {
  return sentences.filter(sentence => sentence !== '').join(' ');
}
