import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServerClient } from '../../../src/clients/server/server-client';
import type { Connection, Snapshot } from '../../../src/contract';
import { RunModel } from '../../../src/model/run-model';
import { row } from '../../rows';
import { snapshot } from '../../snapshot';
import { FakeSocket } from './socket';

let client: ServerClient;
let states: Connection[];
const paths: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.spyOn(Math, 'random').mockReturnValue(1);
  FakeSocket.all = [];
  states = [];
  paths.length = 0;
  client = new ServerClient({
    request: (method, path) => {
      paths.push(`${method} ${path}`);
      return Promise.resolve(new Response('{"id": 4}', { status: 202 }));
    },
    socketUrl: path => `ws://host/${path}`
  });
  client.onConnection(state => states.push(state));
});
afterEach(() => {
  client.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const nothing = () => undefined;

describe('the socket', () => {
  it('is opened by the first who listens, once for all, and asks for what is wanted', () => {
    expect(FakeSocket.all).toEqual([]);
    const release = client.onRows(nothing);
    client.onRows(() => undefined);
    client.onResources(nothing);
    client.run('R1');
    expect(FakeSocket.all).toHaveLength(1);
    expect(FakeSocket.newest.url).toBe('ws://host/dltrainer/api/stream');
    FakeSocket.newest.open();
    expect(FakeSocket.newest.sent).toEqual([
      { kind: 'list', on: true },
      { kind: 'resources', on: true },
      { kind: 'watch', id: 'R1', revision: null }
    ]);
    FakeSocket.newest.sent = [];
    client.run('R2');
    release();
    expect(FakeSocket.newest.sent).toEqual([{ kind: 'watch', id: 'R2', revision: null }]);
  });

  it('tells rows and resources to all who listen, until they stop', () => {
    const heard: unknown[] = [];
    const release = client.onRows((rows, gone) => heard.push([rows.length, gone]));
    client.onResources(({ cores }) => heard.push(cores));
    FakeSocket.newest.open();
    FakeSocket.newest.tell({ kind: 'rows', rows: [row(1)], gone: ['R2'] });
    FakeSocket.newest.tell({
      kind: 'resources',
      resources: { host: 'h', cpu_percent: 1, cores: 8, memory_bytes: 1, memory_total_bytes: 2, gpus: [] }
    });
    release();
    expect(FakeSocket.newest.sent.at(-1)).toEqual({ kind: 'list', on: false });
    FakeSocket.newest.tell({ kind: 'rows', rows: [], gone: [] });
    expect(heard).toEqual([[1, ['R2']], 8]);
  });

  it('comes back after a break, ever more patiently, and asks again from where it was', async () => {
    client.onRows(nothing);
    client.run('R1');
    FakeSocket.newest.open();
    FakeSocket.newest.tell({ kind: 'snapshot', id: 'R1', snapshot: snapshot({ revision: 41 }) });
    FakeSocket.newest.break();
    const gaps: number[] = [];
    for (let i = 0; i < 9; i++) {
      const [before, since] = [FakeSocket.all.length, Date.now()];
      while (FakeSocket.all.length === before) {
        await vi.advanceTimersByTimeAsync(50);
      }
      gaps.push(Date.now() - since);
      FakeSocket.newest.break();
    }
    expect(gaps).toEqual([300, 600, 1200, 2400, 4800, 9600, 19_200, 20_000, 20_000]);
    await vi.advanceTimersByTimeAsync(20_000);
    FakeSocket.newest.open();
    expect(FakeSocket.newest.sent).toEqual([
      { kind: 'list', on: true },
      { kind: 'watch', id: 'R1', revision: 41 }
    ]);
    FakeSocket.newest.tell({ kind: 'pong' });
    FakeSocket.newest.break();
    await vi.advanceTimersByTimeAsync(300);
    expect(FakeSocket.newest.readyState).toBe(FakeSocket.CONNECTING);
  });

  it('tries at once when the network is back', async () => {
    client.onRows(nothing);
    for (let i = 0; i < 6; i++) {
      FakeSocket.newest.break();
      await vi.advanceTimersByTimeAsync(10_000);
    }
    FakeSocket.newest.break();
    const before = FakeSocket.all.length;
    dispatchEvent(new Event('online'));
    expect(FakeSocket.all).toHaveLength(before + 1);
  });

  it('leaves nothing behind when it is closed', () => {
    client.onRows(nothing);
    FakeSocket.newest.open();
    client.close();
    expect(FakeSocket.newest.readyState).toBe(FakeSocket.CLOSED);
    expect(vi.getTimerCount()).toBe(0);
    dispatchEvent(new Event('online'));
    expect(FakeSocket.all).toHaveLength(1);
  });
});

describe('the connection', () => {
  it('is lost only after a moment, and every return is told', async () => {
    client.onRows(nothing);
    FakeSocket.newest.open();
    states.length = 0;
    FakeSocket.newest.break();
    await vi.advanceTimersByTimeAsync(300);
    FakeSocket.newest.open();
    await vi.advanceTimersByTimeAsync(3000);
    expect(states).toEqual(['connected']);
    FakeSocket.newest.break();
    await vi.advanceTimersByTimeAsync(1500);
    expect(client.connection()).toBe('disconnected');
    await vi.advanceTimersByTimeAsync(20_000);
    FakeSocket.newest.open();
    expect(states).toEqual(['connected', 'disconnected', 'connected']);
  });

  it('is lost when the first socket never opens', async () => {
    client.onRows(nothing);
    expect(client.connection()).toBe('connected');
    await vi.advanceTimersByTimeAsync(2000);
    expect(client.connection()).toBe('disconnected');
  });

  it('is silent when a sign of life is asked for and none comes, and given up after a while', async () => {
    client.onRows(nothing);
    FakeSocket.newest.open();
    FakeSocket.newest.tell({ kind: 'rows', rows: [], gone: [] });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(FakeSocket.newest.sent.at(-1)).toEqual({ kind: 'ping' });
    FakeSocket.newest.tell({ kind: 'pong' });
    expect(client.connection()).toBe('connected');
    await vi.advanceTimersByTimeAsync(10_000 + 6000);
    expect(client.connection()).toBe('silent');
    FakeSocket.newest.tell({ kind: 'pong' });
    expect(client.connection()).toBe('connected');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(FakeSocket.all.length).toBeGreaterThan(1);
  });
});

describe('a run', () => {
  function follow(id = 'R1') {
    const run = client.run(id);
    const heard: Snapshot[] = [];
    run.subscribe(next => heard.push(next));
    return { run, heard };
  }
  const patch = (since: number, revision: number, parts: Partial<Snapshot> = {}) =>
    ({ kind: 'patch', id: 'R1', since, revision, parts, curves: {} }) as const;

  it('is told whole and then by its changes', () => {
    const { heard } = follow();
    FakeSocket.newest.open();
    FakeSocket.newest.tell({ kind: 'snapshot', id: 'R1', snapshot: snapshot({ revision: 5 }) });
    FakeSocket.newest.tell(patch(5, 6, { monitor: 'val_loss' }));
    FakeSocket.newest.tell({ kind: 'snapshot', id: 'R9', snapshot: snapshot() });
    expect(heard.map(({ revision, monitor }) => [revision, monitor])).toEqual([
      [5, 'val_accuracy'],
      [6, 'val_loss']
    ]);
  });

  it('is asked for whole, once, when a change doesn’t fit', () => {
    const { heard } = follow();
    FakeSocket.newest.open();
    FakeSocket.newest.tell({ kind: 'snapshot', id: 'R1', snapshot: snapshot({ revision: 5 }) });
    FakeSocket.newest.sent = [];
    FakeSocket.newest.tell(patch(6, 7));
    FakeSocket.newest.tell(patch(7, 8));
    expect(FakeSocket.newest.sent).toEqual([{ kind: 'watch', id: 'R1', revision: null }]);
    FakeSocket.newest.tell({ kind: 'snapshot', id: 'R1', snapshot: snapshot({ revision: 8 }) });
    FakeSocket.newest.tell(patch(8, 9));
    expect(heard.map(({ revision }) => revision)).toEqual([5, 8, 9]);
  });

  it('is watched once for all its views, and left with the last', () => {
    const first = follow();
    FakeSocket.newest.open();
    FakeSocket.newest.tell({ kind: 'snapshot', id: 'R1', snapshot: snapshot() });
    const second = follow();
    expect(second.heard).toHaveLength(1);
    FakeSocket.newest.sent = [];
    first.run.close();
    first.run.close();
    FakeSocket.newest.tell({ kind: 'snapshot', id: 'R1', snapshot: snapshot({ revision: 2 }) });
    expect([first.heard.length, second.heard.length]).toEqual([1, 2]);
    expect(FakeSocket.newest.sent).toEqual([]);
    second.run.close();
    expect(FakeSocket.newest.sent).toEqual([{ kind: 'unwatch', id: 'R1' }]);
  });

  it('that was deleted is disconnected, and so is one that never was', () => {
    const { run } = follow();
    const said: Connection[] = [];
    run.onConnection(state => said.push(state));
    FakeSocket.newest.open();
    FakeSocket.newest.tell({ kind: 'gone', id: 'R1' });
    expect(said.at(-1)).toBe('disconnected');
    expect(client.connection()).toBe('connected');
    const missing = client.run('R7');
    FakeSocket.newest.tell({ kind: 'error', id: 'R7', message: 'No run has the name or id R7.' });
    expect(missing.connection()).toBe('disconnected');
  });

  it('that is told of after all is connected again, and says so', () => {
    const { run } = follow();
    const said: Connection[] = [];
    run.onConnection(state => said.push(state));
    FakeSocket.newest.open();
    FakeSocket.newest.tell({ kind: 'error', id: 'R1', message: 'The store is busy.' });
    FakeSocket.newest.tell({ kind: 'snapshot', id: 'R1', snapshot: snapshot() });
    expect(said.slice(-2)).toEqual(['disconnected', 'connected']);
  });

  it('is all the panel’s model needs', async () => {
    const model = new RunModel(client.run('R1'));
    FakeSocket.newest.open();
    FakeSocket.newest.tell({ kind: 'snapshot', id: 'R1', snapshot: snapshot({ revision: 5 }) });
    const { epochs } = model.view.snapshot as Snapshot;
    FakeSocket.newest.tell(patch(5, 6, { monitor: 'val_loss' }));
    expect(model.view.snapshot?.monitor).toBe('val_loss');
    expect(model.view.snapshot?.epochs).toBe(epochs);
    expect(await model.steer('pause')).toBe(true);
    expect(paths).toEqual(['POST dltrainer/api/runs/R1/pause']);
    expect(model.view.pending.map(({ verb }) => verb)).toEqual(['pause']);
    FakeSocket.newest.break();
    await vi.advanceTimersByTimeAsync(2000);
    expect(model.view.connection).toBe('disconnected');
    model.close();
  });
});
