import type { Connection, Snapshot, Verb } from '../../src/contract';
import type { FormField } from '../../src/form/contract';
import type { Parts, Problem, RunRow, StudioClient, StudioHost } from '../../src/studio/contract';
import { row as rowOf } from '../rows';
import { TestClient } from '../snapshot';

/** A server a test speaks through: it knows some runs, and keeps what was asked of it. */
export class TestStudio implements StudioClient {
  readonly asked: unknown[] = [];
  readonly followed = new Map<string, TestClient>();
  readonly closed: string[] = [];
  rows: RunRow[] = [];
  problems: (yaml: string) => Promise<Problem[]> = () => Promise.resolve([]);
  offered: (kind: string) => Promise<Parts> = () => Promise.resolve({ parts: [], problems: [] });
  described: () => Promise<FormField[]> = () => Promise.resolve([]);
  answer: () => Promise<unknown> = () => Promise.resolve({ id: 'N1', name: 'new' });
  state: Connection = 'connected';
  readonly #snapshots: Map<string, Snapshot>;
  readonly #connections = new Set<(connection: Connection) => void>();
  readonly #listeners = new Set<(rows: RunRow[], gone: string[]) => void>();

  constructor(snapshots: Snapshot[]) {
    this.#snapshots = new Map(snapshots.map(snapshot => [snapshot.run.id, snapshot]));
  }

  tell(gone: string[]): void {
    for (const listener of this.#listeners) {
      listener([], gone);
    }
  }

  page(query: unknown) {
    this.asked.push(query);
    return Promise.resolve({ runs: this.rows, next: null, counts: {} });
  }

  onRows(callback: (rows: RunRow[], gone: string[]) => void) {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  onResources() {
    return () => undefined;
  }

  connection() {
    return this.state;
  }

  become(connection: Connection): void {
    this.state = connection;
    for (const listener of this.#connections) {
      listener(connection);
    }
  }

  onConnection(callback: (connection: Connection) => void) {
    this.#connections.add(callback);
    return () => this.#connections.delete(callback);
  }

  run(id: string) {
    const client = new TestClient(this.#snapshots.get(id) ?? null);
    client.state = this.#snapshots.has(id) ? this.state : 'disconnected';
    if (!this.#snapshots.has(id)) {
      client.curve = () =>
        Promise.reject(new Error(`No run has the name or id '${id}'. Did you mean 'digits-cnn'?`));
    }
    this.followed.set(id, client);
    return Object.assign(client, { close: () => void this.closed.push(id) });
  }

  act(id: string, verb: Verb | 'delete', args: Record<string, unknown> = {}) {
    this.asked.push({ id, verb, args });
    return this.answer();
  }

  check(yaml: string) {
    return this.problems(yaml);
  }

  parts(kind: string) {
    return this.offered(kind);
  }

  settings() {
    return this.described();
  }

  train(yaml: string) {
    this.asked.push({ train: yaml });
    return this.answer() as Promise<{ id: string; name: string }>;
  }
}

/** An application that only keeps what it was told to do. */
export function testHost(language = 'en'): StudioHost & { told: unknown[] } {
  const told: unknown[] = [];
  return {
    told,
    open: id => told.push({ open: id }),
    compare: ids => told.push({ compare: ids }),
    create: yaml => told.push({ create: yaml }),
    insertCode: id => told.push({ insert: id }),
    language
  };
}

export function row(id: string, name: string): RunRow {
  return rowOf(1, 'completed', { id, name, best: 0.98 });
}

/** A button by its label, wherever it stands. */
export function button(root: HTMLElement, label: string): HTMLButtonElement {
  const found = [...root.querySelectorAll<HTMLButtonElement>('button')].find(
    other =>
      (other.getAttribute('aria-label') ??
        other.querySelector('.dlt-button-label')?.textContent ??
        other.textContent) === label
  );
  if (found === undefined) {
    throw new Error(`Expected a button '${label}', found: ${root.textContent}`);
  }
  return found;
}

/** Lets promises that are settled be heard. */
export async function settle(turns = 5): Promise<void> {
  for (let i = 0; i < turns; i += 1) {
    await Promise.resolve();
  }
}
