import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RunModel } from '../../src/model/run-model';
import { TestClient, control, snapshot } from '../snapshot';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('RunModel', () => {
  it('keeps what did not change from one snapshot to the next', () => {
    const client = new TestClient();
    const model = new RunModel(client);
    const first = model.view.snapshot;
    client.tell(snapshot({ revision: 2 }));
    expect(model.view.snapshot?.revision).toBe(2);
    expect(model.view.snapshot?.curves).toBe(first?.curves);
  });

  it('shows a verb as pending until its control is recorded, then its outcome', async () => {
    const client = new TestClient();
    const model = new RunModel(client);
    const taken = model.steer('pause');
    expect(model.view.pending.map(({ verb }) => verb)).toEqual(['pause']);
    expect(await taken).toBe(true);
    expect(client.asked).toEqual([{ verb: 'pause', args: {} }]);
    expect(model.view.pending).toHaveLength(1);

    client.tell(snapshot({ controls: [control(1, 'pause', 'requested')] }));
    expect(model.view.pending).toHaveLength(0);
    client.tell(snapshot({ controls: [control(1, 'pause', 'done', 'Paused at step 1,204 (epoch 7).')] }));
    expect(model.view.notice).toEqual({ text: 'Paused at step 1,204 (epoch 7).', failed: false });
    vi.advanceTimersByTime(10_000);
    expect(model.view.notice).toBeNull();
  });

  it('gives up a verb nothing more is heard of', async () => {
    const model = new RunModel(new TestClient());
    await model.steer('checkpoint');
    expect(model.view.pending).toHaveLength(1);
    vi.advanceTimersByTime(6000);
    expect(model.view.pending).toHaveLength(0);
  });

  it('shows why a verb was refused, and leaves it there', async () => {
    const client = new TestClient();
    client.answer = () => Promise.reject(new Error("Can't pause run 'digits': it is completed."));
    const model = new RunModel(client);
    expect(await model.steer('pause')).toBe(false);
    expect(model.view.pending).toHaveLength(0);
    expect(model.view.notice).toEqual({ text: "Can't pause run 'digits': it is completed.", failed: true });
    vi.advanceTimersByTime(60_000);
    expect(model.view.notice?.failed).toBe(true);
    model.dismiss();
    expect(model.view.notice).toBeNull();
  });

  it('says what a clone is called', async () => {
    const client = new TestClient();
    client.answer = () => Promise.resolve({ id: 'R2', name: 'digits-cnn-2' });
    const model = new RunModel(client);
    await model.steer('clone', { step: 900 });
    expect(model.view.notice?.text).toBe('Cloned as digits-cnn-2 (R2).');
    expect(model.view.pending).toHaveLength(0);
  });

  it('does not announce what happened before it looked', () => {
    const client = new TestClient(snapshot({ controls: [control(1, 'pause', 'done', 'Paused.')] }));
    expect(new RunModel(client).view.notice).toBeNull();
  });

  it('follows the connection, and listens no more once closed', () => {
    const client = new TestClient();
    const model = new RunModel(client);
    client.become('disconnected');
    expect(model.view.connection).toBe('disconnected');
    model.close();
    client.become('connected');
    client.tell(snapshot({ revision: 9 }));
    expect(model.view.connection).toBe('disconnected');
    expect(model.view.snapshot?.revision).toBe(1);
  });
});
