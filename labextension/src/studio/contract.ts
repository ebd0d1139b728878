/**
 * What a view of many runs is told, and what it may ask: the seam between the sidebar, the tab and the web page on one
 * side and the Jupyter server on the other. `RunClient` is the same for one run.
 */

import type { Computation, Connection, RunClient, RunState, TrackerPlace, Verb } from '../contract';
import type { FormClient } from '../form/contract';

export type { Part, Parts, Problem } from '../form/contract';

/** A run in a list. */
export interface RunRow {
  id: string;
  /** Grows with each new run. */
  number: number;
  name: string;
  state: RunState;
  framework: string;
  executor: string;
  device: string | null;
  host: string;
  epoch: number;
  epochs: number;
  step: number;
  /** Between 0 and 1. */
  fraction: number;
  steps_per_second: number | null;
  seconds_left: number | null;
  monitor: string | null;
  mode: 'min' | 'max' | null;
  best: number | null;
  /** The monitored metric by epoch, at most 40 values. */
  spark: (number | null)[];
  created_at: string;
  updated_at: string;
  /** Verbs that make sense in the run's state. */
  allowed: string[];
  /** One line. */
  error: string | null;
  trackers: TrackerPlace[];
}

/** A list's groups, in the order of the list. */
export type Group = 'running' | 'paused' | 'finished' | 'failed';

export const GROUPS: Record<Group, RunState[]> = {
  running: ['pending', 'running'],
  paused: ['paused', 'suspended'],
  finished: ['completed', 'stopped'],
  failed: ['failed', 'lost']
};

export type Sort = 'newest' | 'oldest' | 'name' | 'best' | 'updated';

export interface RunsQuery {
  states?: RunState[];
  /** As typed: `digits state:running framework:jax val_accuracy>0.9`. The server understands it. */
  filter?: string;
  sort?: Sort;
  limit?: number;
  cursor?: string | null;
}

export interface RunsPage {
  runs: RunRow[];
  /** The cursor of the next page; null on the last one. */
  next: string | null;
  /** Runs by state that the filter lets through, on all pages. */
  counts: Partial<Record<RunState, number>>;
}

export interface Gpu {
  name: string;
  percent: number | null;
  memory_bytes: number;
  memory_total_bytes: number;
}

/** How busy the server's machine is. */
export interface Resources {
  host: string;
  cpu_percent: number;
  cores: number;
  memory_bytes: number;
  memory_total_bytes: number;
  gpus: Gpu[];
}

/** `RunClient` of one run over the server; closed by whoever asked for it. */
export interface ServedRun extends RunClient {
  close(): void;
}

export interface StudioClient extends FormClient {
  page(query: RunsQuery): Promise<RunsPage>;
  /** Calls back with rows that are new or have changed, and with ids of runs that were deleted. */
  onRows(callback: (rows: RunRow[], gone: string[]) => void): () => void;
  /** Calls back every two seconds while somebody listens. */
  onResources(callback: (resources: Resources) => void): () => void;
  connection(): Connection;
  /** Follows one run. */
  run(id: string): ServedRun;
  /** Asks something of a run that is not followed; rejects with an `Error` whose message is fit to be shown. */
  act(id: string, verb: Verb | Computation | 'delete', args?: Record<string, unknown>): Promise<unknown>;
}

/** What a view asks of the application around it: JupyterLab, or the web page. */
export interface StudioHost {
  /** Shows a run. */
  open(id: string): void;
  /** Shows several runs on one chart. */
  compare(ids: string[]): void;
  /** Lets a person begin a new run, from this YAML if there is some. */
  create(yaml?: string): void;
  /** Puts the code that shows this run again into the active notebook; missing where there is none. */
  insertCode?: (id: string) => void;
  /** Whether a person is asked before a run is deleted; yes, unless this says no. */
  readonly confirmDelete?: boolean;
  /** A language tag such as `pt-BR`. */
  language: string;
}
