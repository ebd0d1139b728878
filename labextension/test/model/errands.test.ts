import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Errands } from '../../src/model/errands';
import { TestStudio, row } from '../rows';
import { TestClient, control, snapshot } from '../snapshot';

const WORDS = {
  done: (verb: string) => `${verb}: done.`,
  cloned: (name: string) => `Cloned as ${name}.`,
  deleted: (name: string) => `${name} was deleted.`
};

let studio: TestStudio;
let errands: Errands;
let run: TestClient;
const running = row(1, 'running');
const settle = () => vi.advanceTimersByTimeAsync(0);
const now = () => errands.view.get('R1');

beforeEach(() => {
  vi.useFakeTimers();
  studio = new TestStudio([running]);
  errands = new Errands(studio, WORDS);
  run = new TestClient(snapshot());
  studio.runs.set('R1', run);
});
afterEach(() => {
  errands.close();
  vi.useRealTimers();
});

describe('an errand', () => {
  it('goes on until the trainer has answered, and then says what it did', async () => {
    studio.act_ = () => Promise.resolve({ id: 4 });
    void errands.run(running, 'pause');
    await settle();
    expect(now()).toEqual({ verb: 'pause', text: null, failed: false });
    run.tell(snapshot({ controls: [control(4, 'pause', 'requested')] }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(now()?.text).toBeNull();
    run.tell(snapshot({ controls: [control(4, 'pause', 'done', 'Paused at step 1,204 (epoch 7).')] }));
    await settle();
    expect(now()).toEqual({ verb: 'pause', text: 'Paused at step 1,204 (epoch 7).', failed: false });
    expect(studio.closed).toBe(1);
    await vi.advanceTimersByTimeAsync(8000);
    expect(now()).toBeUndefined();
  });

  it('that is overtaken by another leaves the row to that one', async () => {
    const answers: ((answer: unknown) => void)[] = [];
    studio.act_ = () => new Promise(resolve => answers.push(resolve));
    const followed = vi.spyOn(studio, 'run');
    const first = errands.run(running, 'checkpoint');
    const second = errands.run(running, 'clone');
    answers[0]?.({ id: 4 });
    await first;
    expect(now()).toEqual({ verb: 'clone', text: null, failed: false });
    answers[1]?.({ id: 'R2', name: 'digits-1-2' });
    await second;
    expect(now()?.text).toBe('Cloned as digits-1-2.');
    expect(followed).not.toHaveBeenCalled();
  });

  it('that is answered after the list was closed follows no run', async () => {
    let answer: (answer: unknown) => void = () => undefined;
    studio.act_ = () =>
      new Promise(resolve => {
        answer = resolve;
      });
    const followed = vi.spyOn(studio, 'run');
    const asked = errands.run(running, 'pause');
    errands.close();
    answer({ id: 4 });
    await asked;
    expect(followed).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that is refused says why, until it is dismissed', async () => {
    studio.act_ = () => Promise.reject(new Error('Can’t pause: it has ended.'));
    await errands.run(running, 'pause');
    expect(now()).toEqual({ verb: 'pause', text: 'Can’t pause: it has ended.', failed: true });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(now()?.failed).toBe(true);
    errands.dismiss('R1');
    expect(now()).toBeUndefined();
  });

  it('that the trainer refuses says why as well', async () => {
    studio.act_ = () => Promise.resolve({ id: 4 });
    await errands.run(running, 'checkpoint');
    run.tell(snapshot({ controls: [control(4, 'checkpoint', 'refused', 'The disk is full.')] }));
    await settle();
    expect(now()).toMatchObject({ text: 'The disk is full.', failed: true });
  });

  it('without a control is done when the state has changed, or after a while', async () => {
    studio.act_ = () => Promise.resolve({ id: 4 });
    await errands.run(row(1, 'failed'), 'resume');
    run.tell(snapshot({ run: { ...snapshot().run, state: 'pending' } }));
    await settle();
    expect(now()?.text).toBe('resume: done.');
    run.tell(snapshot());
    await errands.run(running, 'checkpoint');
    await vi.advanceTimersByTimeAsync(5100);
    expect(now()?.text).toBe('checkpoint: done.');
  });

  it('that the end of the run overtook doesn’t wait forever', async () => {
    studio.act_ = () => Promise.resolve({ id: 4 });
    await errands.run(running, 'pause');
    const ended = { ...snapshot().run, state: 'completed' as const };
    run.tell(snapshot({ run: ended, controls: [control(4, 'pause', 'requested')] }));
    await settle();
    expect(now()?.text).not.toBeNull();
  });

  it('that makes another run, or takes this one away, says so', async () => {
    studio.act_ = (_, verb) => Promise.resolve(verb === 'clone' ? { id: 'N1', name: 'digits-2' } : null);
    await errands.run(running, 'clone');
    expect(now()?.text).toBe('Cloned as digits-2.');
    await errands.run(running, 'delete');
    expect(errands.newest).toBe('digits-1 was deleted.');
  });

  it('ends with its run', async () => {
    studio.act_ = () => Promise.resolve({ id: 4 });
    await errands.run(running, 'pause');
    studio.tell([], ['R1']);
    expect(now()).toBeUndefined();
    expect(studio.closed).toBe(1);
  });

  it('is followed no more once the list is closed', async () => {
    studio.act_ = () => Promise.resolve({ id: 4 });
    await errands.run(running, 'pause');
    errands.close();
    expect(studio.closed).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
