import type { FormField } from '../src/form/contract';
import type { Connection, Snapshot, Verb } from '../src/contract';
import type { Parts, Problem, RunRow, ServedRun, StudioClient } from '../src/studio/contract';
import { FakeClient } from './fake-client';
import type { Scenario } from './scenarios';

/** Plays a server with some runs: each scenario is a run, by its id. */
export class FakeStudio implements StudioClient {
  readonly #runs: Map<string, Scenario>;
  readonly #connection: Connection;
  readonly #listeners = new Set<(rows: RunRow[], gone: string[]) => void>();
  /** What a configuration is found guilty of. */
  problems: (yaml: string) => Problem[] = () => [];
  /** Why a run can't be started. */
  refusal: string | null = null;

  constructor(scenarios: Scenario[], connection: Connection = 'connected') {
    this.#runs = new Map(scenarios.map(scenario => [scenario.snapshot.run.id, scenario]));
    this.#connection = connection;
  }

  async page(query: { filter?: string; limit?: number }) {
    const rows = [...this.#runs.values()].map(({ snapshot }) => row(snapshot));
    const found = rows.filter(({ name }) => name.includes(query.filter ?? ''));
    return { runs: found.slice(0, query.limit), next: null, counts: {} };
  }

  onRows(callback: (rows: RunRow[], gone: string[]) => void) {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  onResources() {
    return () => undefined;
  }

  connection() {
    return this.#connection;
  }

  onConnection() {
    return () => undefined;
  }

  run(id: string): ServedRun {
    const scenario = this.#runs.get(id);
    if (scenario === undefined) {
      return new MissingRun(id);
    }
    const client = new FakeClient({ ...scenario, connection: this.#connection });
    if (scenario.live === true) {
      client.play();
    }
    return Object.assign(client, { close: () => client.stop() });
  }

  async act(id: string, verb: Verb | 'delete'): Promise<unknown> {
    if (this.refusal !== null) {
      throw new Error(this.refusal);
    }
    if (verb === 'delete') {
      this.#runs.delete(id);
      for (const listener of this.#listeners) {
        listener([], [id]);
      }
    }
    return { id: 'N1', name: 'clone' };
  }

  async check(yaml: string): Promise<Problem[]> {
    return this.problems(yaml);
  }

  async parts(): Promise<Parts> {
    return { parts: [], problems: [] };
  }

  async settings(): Promise<FormField[]> {
    return [];
  }

  async train(): Promise<{ id: string; name: string }> {
    if (this.refusal !== null) {
      throw new Error(this.refusal);
    }
    return { id: 'N1', name: 'digits-cnn' };
  }
}

/** A run that isn't there: nothing of it ever comes, and what is asked of it is refused. */
class MissingRun implements ServedRun {
  readonly #id: string;

  constructor(id: string) {
    this.#id = id;
  }

  subscribe() {
    return () => undefined;
  }

  connection(): Connection {
    return 'disconnected';
  }

  onConnection() {
    return () => undefined;
  }

  act(): Promise<unknown> {
    return Promise.reject(this.#error());
  }

  curve() {
    return Promise.reject(this.#error());
  }

  read() {
    return Promise.reject(this.#error());
  }

  close() {}

  #error(): Error {
    return new Error(`No run has the name or id '${this.#id}'. Did you mean 'digits-cnn'?`);
  }
}

function row({ run, progress, monitor, best, allowed, now }: Snapshot): RunRow {
  return {
    id: run.id,
    number: 1,
    name: run.name,
    state: run.state,
    framework: run.framework,
    executor: run.executor,
    device: run.device,
    host: 'lab-3',
    epoch: progress.epoch,
    epochs: progress.epochs,
    step: progress.step,
    fraction: progress.fraction,
    steps_per_second: progress.steps_per_second,
    seconds_left: progress.seconds_left,
    monitor,
    mode: best?.mode ?? null,
    best: best?.value ?? null,
    spark: [],
    created_at: run.created_at,
    updated_at: now,
    allowed,
    error: null,
    trackers: []
  };
}
