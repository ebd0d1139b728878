import type { Computation, Connection, Control, RunState, Snapshot, Verb } from '../src/contract';
import type {
  Problem,
  Resources,
  RunRow,
  RunsPage,
  RunsQuery,
  ServedRun,
  StudioClient
} from '../src/studio/contract';
import { count } from '../src/model/format';
import { allowedIn, madeRow, metricAt } from './made-rows';
import { START, at } from './recording';

const BECOMES: Record<string, RunState> = {
  pause: 'paused',
  resume: 'running',
  suspend: 'suspended',
  stop: 'stopped'
};

const WORDS: Record<string, string> = {
  pause: 'Paused',
  resume: 'Resumed',
  suspend: 'Suspended',
  stop: 'Stopped',
  checkpoint: 'Checkpoint written',
  set: 'Learning rate set'
};

/** Plays a server with a store of many made runs: it filters, sorts, pages and steers them. */
export class FakeRuns implements StudioClient {
  rows: RunRow[];
  /** Why pages are refused. */
  refusal: string | null = null;
  /** Whether requests hang. */
  mute = false;
  /** Milliseconds an answer takes. */
  latency = 30;
  resources: Resources | null = null;
  readonly #connection: Connection;
  readonly #listeners = new Set<(rows: RunRow[], gone: string[]) => void>();
  readonly #asked = new Map<string, Control>();
  #controls = 0;
  #ticks = 0;

  constructor(total: number, connection: Connection = 'connected') {
    this.rows = Array.from({ length: total }, (_, i) => madeRow(i, total));
    this.#connection = connection;
  }

  async page(query: RunsQuery): Promise<RunsPage> {
    await this.#wait();
    const wrong = /(\S+)>(?!\d)/.exec(query.filter ?? '');
    if (wrong !== null) {
      throw new Error(`Expected a number after '${wrong[1]}>', as in val_accuracy>0.9.`);
    }
    if (this.refusal !== null) {
      throw new Error(this.refusal);
    }
    const found = this.rows.filter(row => matches(row, query.filter ?? ''));
    const counts: RunsPage['counts'] = {};
    for (const { state } of found) {
      counts[state] = (counts[state] ?? 0) + 1;
    }
    const sorted = found
      .filter(({ state }) => query.states?.includes(state) ?? true)
      .sort(ORDERS[query.sort ?? 'newest']);
    const start = Number(query.cursor ?? 0);
    const end = start + (query.limit ?? 50);
    return { runs: sorted.slice(start, end), next: end < sorted.length ? String(end) : null, counts };
  }

  /** Lets the live runs go on, once a second. */
  play(): void {
    setInterval(() => this.tick(), 1000);
  }

  tick(): void {
    this.#ticks += 1;
    const live = this.rows.filter(({ state }) => state === 'running');
    this.tell(
      live.map(row => {
        const epoch = Math.min(row.epochs, row.epoch + (this.#ticks % 3 === 0 ? 1 : 0));
        const fraction = Math.min(1, row.fraction + 0.004);
        const spark = [...row.spark, metricAt(row.number, epoch, row.mode === 'min')].slice(-40);
        return { ...row, epoch, fraction, spark, seconds_left: (1 - fraction) * 900 };
      })
    );
  }

  /** Changes rows, or adds them, and tells whoever listens. */
  tell(changed: RunRow[], gone: string[] = []): void {
    const byId = new Map(changed.map(row => [row.id, row]));
    this.rows = [
      ...this.rows.filter(({ id }) => !gone.includes(id)).map(row => byId.get(row.id) ?? row),
      ...changed.filter(({ id }) => !this.rows.some(row => row.id === id))
    ];
    for (const listener of this.#listeners) {
      listener(changed, gone);
    }
  }

  onRows(callback: (rows: RunRow[], gone: string[]) => void) {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  onResources(callback: (resources: Resources) => void) {
    const tell = () => this.resources !== null && callback(this.resources);
    const timer = setInterval(tell, 2000);
    setTimeout(tell);
    return () => clearInterval(timer);
  }

  connection(): Connection {
    return this.#connection;
  }

  onConnection() {
    return () => undefined;
  }

  run(id: string): ServedRun {
    const releases: (() => void)[] = [];
    return {
      subscribe: callback => {
        const tell = () => callback(this.#snapshot(id));
        tell();
        const release = this.onRows(tell);
        releases.push(release);
        return release;
      },
      connection: () => this.#connection,
      onConnection: () => () => undefined,
      act: verb => this.act(id, verb),
      curve: () => Promise.resolve({}),
      read: () => Promise.reject(new Error('Of these runs there is only the list.')),
      close: () => {
        for (const release of releases) {
          release();
        }
      }
    };
  }

  async act(id: string, verb: Verb | Computation | 'delete'): Promise<unknown> {
    await this.#wait();
    const row = this.rows.find(other => other.id === id);
    if (row === undefined || !(row.allowed.includes(verb) || verb === 'clone')) {
      throw new Error(`Can’t ${verb} '${row?.name ?? id}': it is ${row?.state ?? 'gone'}.`);
    }
    if (verb === 'delete') {
      this.tell([], [id]);
      return null;
    }
    if (verb === 'clone') {
      return { id: 'N1', name: `${row.name}-2` };
    }
    this.#controls += 1;
    const control: Control = {
      id: this.#controls,
      kind: verb,
      arguments: {},
      status: 'requested',
      outcome: null,
      step: null,
      requested_by: 'sidebar',
      requested_at: new Date(START).toISOString()
    };
    this.#asked.set(id, control);
    setTimeout(() => this.#answer(id, control), 900);
    return control;
  }

  #answer(id: string, control: Control): void {
    const row = this.rows.find(other => other.id === id);
    if (row !== undefined) {
      const state = BECOMES[control.kind] ?? row.state;
      const outcome = `${WORDS[control.kind]} at step ${count(row.step)} (epoch ${row.epoch}).`;
      this.#asked.set(id, { ...control, status: 'done', outcome, step: row.step });
      this.tell([{ ...row, state, allowed: allowedIn(state) }]);
    }
  }

  #snapshot(id: string): Snapshot {
    const row = this.rows.find(other => other.id === id);
    const recorded = at(1140);
    const asked = this.#asked.get(id);
    return {
      ...recorded,
      run: { ...recorded.run, id, state: row?.state ?? 'lost' },
      controls: asked === undefined ? [] : [asked]
    };
  }

  check(): Promise<Problem[]> {
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

  #wait(): Promise<void> {
    return new Promise(resolve => {
      if (!this.mute) {
        setTimeout(resolve, this.latency);
      }
    });
  }
}

const ORDERS: Record<string, (a: RunRow, b: RunRow) => number> = {
  newest: (a, b) => b.number - a.number,
  oldest: (a, b) => a.number - b.number,
  name: (a, b) => a.name.localeCompare(b.name),
  best: (a, b) => (b.best ?? 0) - (a.best ?? 0),
  updated: (a, b) => b.updated_at.localeCompare(a.updated_at)
};

function matches(row: RunRow, filter: string): boolean {
  return filter
    .split(/\s+/)
    .filter(term => term !== '')
    .every(term => {
      const [, name, operator, value = ''] = /^(\w+)(:|>|<)(.+)$/.exec(term) ?? [];
      if (operator === ':') {
        return (name === 'state' ? row.state : row.framework) === value;
      }
      if (operator === undefined) {
        return row.name.includes(term);
      }
      const best = row.monitor === name ? row.best : null;
      return best !== null && (operator === '>' ? best > Number(value) : best < Number(value));
    });
}
