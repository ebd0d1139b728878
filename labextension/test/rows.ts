import type { Connection, RunState } from '../src/contract';
import type { Resources, RunRow, RunsPage, RunsQuery, ServedRun, StudioClient } from '../src/studio/contract';
import { TestClient, snapshot } from './snapshot';

/** A run with nothing special about it; a test changes what it is about. */
export function row(number: number, state: RunState = 'completed', changes: Partial<RunRow> = {}): RunRow {
  return {
    id: `R${number}`,
    number,
    name: `digits-${number}`,
    state,
    framework: 'pytorch',
    executor: 'process',
    device: 'cpu',
    host: 'lab-3',
    epoch: 7,
    epochs: 20,
    step: 1204,
    fraction: 0.334,
    steps_per_second: 812,
    seconds_left: 180,
    monitor: 'val_accuracy',
    mode: 'max',
    best: 0.9842,
    spark: [0.5, 0.8, null, 0.9842],
    created_at: '2026-03-14T09:26:00Z',
    updated_at: '2026-03-14T09:30:00Z',
    allowed:
      state === 'running' || state === 'paused' || state === 'pending'
        ? ['pause', 'resume', 'suspend', 'stop', 'checkpoint', 'set']
        : ['resume', 'delete'],
    error: null,
    trackers: [],
    ...changes
  };
}

/** A server a test speaks through: it pages its rows by number, and tells what the test says. */
export class TestStudio implements StudioClient {
  rows: RunRow[];
  state: Connection = 'connected';
  readonly queries: RunsQuery[] = [];
  readonly asked: { id: string; verb: string; args: Record<string, unknown> }[] = [];
  /** How pages are answered, if not from the rows. */
  answer: ((query: RunsQuery) => Promise<RunsPage>) | null = null;
  act_: (id: string, verb: string) => Promise<unknown> = () => Promise.resolve({ id: 1 });
  readonly runs = new Map<string, TestClient>();
  closed = 0;
  readonly listeners = new Set<(rows: RunRow[], gone: string[]) => void>();
  readonly resources = new Set<(resources: Resources) => void>();
  readonly connections = new Set<(connection: Connection) => void>();

  constructor(rows: RunRow[] = []) {
    this.rows = rows;
  }

  page(query: RunsQuery): Promise<RunsPage> {
    this.queries.push(query);
    return this.answer === null ? Promise.resolve(this.read(query)) : this.answer(query);
  }

  read({ states, filter = '', limit = 50, cursor = null }: RunsQuery): RunsPage {
    const matching = this.rows.filter(({ name }) => name.includes(filter));
    const counts: RunsPage['counts'] = {};
    for (const { state } of matching) {
      counts[state] = (counts[state] ?? 0) + 1;
    }
    const below = cursor === null ? Number.POSITIVE_INFINITY : Number(cursor);
    const found = matching
      .filter(({ state, number }) => (states?.includes(state) ?? true) && number < below)
      .sort((a, b) => b.number - a.number);
    const runs = found.slice(0, limit);
    return { runs, next: found.length > limit ? String(runs.at(-1)?.number) : null, counts };
  }

  tell(rows: RunRow[], gone: string[] = []): void {
    const kept = this.rows.filter(({ id }) => !gone.includes(id) && !rows.some(other => other.id === id));
    this.rows = [...kept, ...rows];
    for (const listener of this.listeners) {
      listener(structuredClone(rows), gone);
    }
  }

  become(connection: Connection): void {
    this.state = connection;
    for (const listener of this.connections) {
      listener(connection);
    }
  }

  onRows(callback: (rows: RunRow[], gone: string[]) => void): () => void {
    this.listeners.add(callback);
    return () => this.listeners.delete(callback);
  }

  onResources(callback: (resources: Resources) => void): () => void {
    this.resources.add(callback);
    return () => this.resources.delete(callback);
  }

  connection(): Connection {
    return this.state;
  }

  onConnection(callback: (connection: Connection) => void): () => void {
    this.connections.add(callback);
    return () => this.connections.delete(callback);
  }

  run(id: string): ServedRun {
    const client = this.runs.get(id) ?? new TestClient(snapshot());
    this.runs.set(id, client);
    return {
      subscribe: callback => client.subscribe(callback),
      connection: () => this.state,
      onConnection: callback => this.onConnection(callback),
      act: (verb, args) => this.act(id, verb, args),
      curve: () => Promise.resolve({}),
      read: (what, args) => client.read(what, args),
      close: () => {
        this.closed += 1;
      }
    };
  }

  act(id: string, verb: string, args: Record<string, unknown> = {}): Promise<unknown> {
    this.asked.push({ id, verb, args });
    return this.act_(id, verb);
  }

  check() {
    return Promise.resolve([]);
  }

  parts() {
    return Promise.resolve({ parts: [], problems: [] });
  }

  settings() {
    return Promise.resolve([]);
  }

  train() {
    return Promise.resolve({ id: 'N1', name: 'new' });
  }
}
