import { describe, expect, it } from 'vitest';
import type { RunFacts, Snapshot } from '../../src/contract';
import { lastCheckpoint, newest, situations } from '../../src/model/situation';
import { checkpoint, control, snapshot } from '../snapshot';

function inState(
  state: RunFacts['state'],
  run: Partial<RunFacts> = {},
  more: Partial<Snapshot> = {}
): Snapshot {
  return snapshot({ run: { ...snapshot().run, state, ...run }, allowed: ['resume', 'delete'], ...more });
}

const only = (of: Snapshot) => situations(of, 'connected')[0];

describe('situations', () => {
  it('has nothing to say of a run that goes its way', () => {
    expect(situations(snapshot(), 'connected')).toEqual([]);
    expect(situations(inState('completed'), 'connected')).toEqual([]);
    expect(situations(inState('paused'), 'connected')).toEqual([]);
  });

  it('names the error, the last good checkpoint and the next action', () => {
    const error = { type: 'ValueError', message: 'no', traceback: 'File "<cell>"', step: 1204 };
    const failed = only(inState('failed', { error }));
    expect(failed).toMatchObject({ tone: 'error', title: 'ValueError at step 1,204: no', resume: true });
    expect(failed?.text).toBe(
      'The last good checkpoint is step 1,080 (epoch 6, val_accuracy 0.9842). Mend the cause, then resume to go on from there.'
    );
    expect(failed?.details).toBe('File "<cell>"');
  });

  it('names the type of an error once', () => {
    const error = { type: 'ValueError', message: 'ValueError: no', traceback: '', step: 7 };
    expect(only(inState('failed', { error }))?.title).toBe('ValueError at step 7: no');
  });

  it('does not promise a checkpoint there is none of', () => {
    const error = { type: 'ValueError', message: 'no', traceback: '', step: null };
    const failed = only(inState('failed', { error }, { checkpoints: [] }));
    expect(failed?.title).toBe('ValueError: no');
    expect(failed?.text).toContain('No checkpoint had been written yet.');
    expect(failed?.details).toBeUndefined();
  });

  it.each([
    ['none', [], 'No checkpoint had been written yet.'],
    ['one from before the first step', [checkpoint(0, ['last'])], 'before the first step']
  ])('asks for a new run where the checkpoints of a failed one are %s', (_name, checkpoints, kept) => {
    const failed = only(inState('failed', {}, { checkpoints }));
    expect(failed?.resume).toBe(false);
    expect(failed?.text).toContain(kept);
    expect(failed?.text).toContain('Mend the cause and start it again.');
  });

  it('says from where a lost run goes on, or why it can’t', () => {
    expect(only(inState('lost'))?.text).toContain('Resume goes on from step 1,080 (epoch 6).');
    const stuck = only(inState('lost', { rebuildable: false }, { allowed: ['delete'] }));
    expect(stuck).toMatchObject({ resume: false });
    expect(stuck?.text).toContain('can’t be resumed elsewhere');
  });

  it.each(['suspended', 'stopped'] as const)('says from where a %s run goes on', state => {
    expect(only(inState(state))?.text).toContain('Resume goes on from step 1,080');
  });

  it('tells waiting from starting, and a first start from going on', () => {
    const waiting = { ...snapshot().progress, phase: 'waiting' as const };
    expect(only(inState('pending', {}, { progress: { ...waiting, step: 0 } }))?.text).toContain(
      'Training begins'
    );
    expect(only(inState('pending', {}, { progress: waiting }))?.text).toContain('It goes on from step 1,204');
    const starting = { ...waiting, phase: 'starting' as const };
    expect(only(inState('running', {}, { progress: starting }))?.title).toBe('Starting.');
  });

  it('says what to run when the kernel is gone, quoting what needs it', () => {
    expect(situations(snapshot(), 'disconnected')[0]?.command).toBe(
      '%load_ext dltrainer_jupyter\n%dltrain panel digits-cnn'
    );
    const spaced = snapshot({ run: { ...snapshot().run, name: 'my "best" run' } });
    expect(situations(spaced, 'disconnected')[0]?.command).toBe(
      '%load_ext dltrainer_jupyter\n%dltrain panel "my \\"best\\" run"'
    );
    const process = snapshot({ run: { ...snapshot().run, executor: 'process' } });
    expect(situations(process, 'disconnected')[0]?.text).toContain('may be going on');
    expect(situations(snapshot(), 'silent')[0]?.tone).toBe('info');
  });
});

describe('lastCheckpoint', () => {
  it('is the one with the highest step', () => {
    expect(lastCheckpoint(snapshot())?.step).toBe(1080);
    expect(lastCheckpoint(snapshot({ checkpoints: [] }))).toBeNull();
  });
});

describe('newest', () => {
  const paused = control(3, 'pause', 'done', 'Paused at step 399 (epoch 9).');

  it('is the answer to a control if that is younger than every event, else the event', () => {
    expect(newest(snapshot({ controls: [paused] })).text).toBe('Paused at step 399 (epoch 9).');
    const later = [{ at: '2026-03-14T09:29:45Z', kind: 'trouble', message: 'The disk is full.', step: 400 }];
    expect(newest(snapshot({ controls: [paused], events: later })).text).toBe('The disk is full.');
  });

  it('passes over what is not answered yet', () => {
    const controls = [control(4, 'stop', 'requested'), paused];
    expect(newest(snapshot({ controls, events: [] }))).toEqual({
      at: paused.requested_at,
      text: paused.outcome
    });
  });

  it('tells the end of a run that ended, not what was asked of it before', () => {
    const resumed = control(3, 'resume', 'done', 'Running from step 1 (epoch 1).');
    const stopped = control(4, 'stop', 'done', 'Stopped at step 7 (epoch 1).');
    const controls = [resumed, stopped];
    const completed = { ...snapshot().progress, epoch: 20 };
    expect(newest(inState('completed', {}, { controls, progress: completed })).text).toBe(
      'All epochs are trained.'
    );
    expect(newest(inState('stopped', {}, { controls })).text).toBe('Stopped at step 7 (epoch 1).');
    const [note] = snapshot().events;
    const early = [note, { ...note, kind: 'early_stopping', message: 'Early.' }] as Snapshot['events'];
    expect(newest(inState('completed', {}, { controls, events: early })).text).toBe('Early.');
    const lost = [{ at: snapshot().now, kind: 'lost', message: 'The trainer died.', step: 9 }];
    expect(newest(inState('lost', {}, { controls, events: lost })).text).toBe('The trainer died.');
  });

  it('says how it stands where nothing happened at all', () => {
    expect(newest(inState('completed', {}, { events: [] }))).toEqual({
      at: null,
      text: 'All epochs are trained.'
    });
    expect(newest(inState('running', {}, { events: [] })).text).toContain('No requests yet');
  });
});
