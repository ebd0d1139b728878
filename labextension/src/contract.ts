/**
 * What a watcher of a run is told, and what it may ask: the seam between the components and whoever feeds
 * them. The notebook's kernel, the Jupyter server and the development harness each implement `RunClient`;
 * the components know nothing else.
 */

export type RunState =
  | 'pending'
  | 'running'
  | 'paused'
  | 'suspended'
  | 'completed'
  | 'stopped'
  | 'failed'
  | 'lost';

export type Phase = 'waiting' | 'starting' | 'training' | 'validating' | 'ended';

export interface RunError {
  type: string;
  message: string;
  /** The user's own frames; empty if none of their code was on the stack. */
  traceback: string;
  step: number | null;
}

export interface RunFacts {
  id: string;
  name: string;
  state: RunState;
  framework: string;
  executor: string;
  device: string | null;
  resume: 'exact' | 'replay' | 'epoch';
  exact: boolean;
  attempts: number;
  created_at: string;
  error: RunError | null;
  rebuildable: boolean;
  notices: string[];
}

export interface Progress {
  epoch: number;
  epochs: number;
  step: number;
  steps: number | null;
  steps_per_epoch: number | null;
  fraction: number;
  epoch_fraction: number;
  phase: Phase;
  steps_per_second: number | null;
  seconds_left: number | null;
  train_seconds: number;
  learning_rate: number | null;
}

export interface Best {
  metric: string;
  mode: 'min' | 'max';
  value: number;
  epoch: number;
  step: number;
}

/** A series by optimizer step; `null` where the value was not finite. */
export interface Curve {
  steps: number[];
  values: (number | null)[];
}

export type Curves = Record<string, Curve>;

export interface Confusion {
  epoch: number;
  labels: string[];
  /** Rows are true classes, columns predicted ones. */
  matrix: number[][];
}

export type CheckpointKind = 'best' | 'last' | 'manual';

export interface Checkpoint {
  step: number;
  epoch: number;
  kinds: CheckpointKind[];
  metrics: Record<string, number | null>;
  digest: string;
  bytes: number;
  created_at: string;
}

export interface Control {
  id: number;
  kind: string;
  arguments: Record<string, unknown>;
  status: 'requested' | 'done' | 'refused';
  outcome: string | null;
  /** Why it hasn't been answered yet, while the run is still starting. */
  note?: string | null;
  step: number | null;
  requested_by: string;
  requested_at: string;
}

export interface RunEvent {
  at: string;
  kind: string;
  message: string;
  step: number | null;
}

/** A setting that a live run can change. */
export interface LiveSetting {
  /** As in the configuration, with dots. */
  key: string;
  /** In force now; `null` for none. */
  value: number | null;
  /** Whether it takes whole numbers only. */
  whole: boolean;
  /** Whether there may be none. */
  optional: boolean;
}

/**
 * `waiting` for what is sent first; `behind`: out of reach, or it refuses; `delivered`: all of an ended run has
 * arrived.
 */
/** `catching_up`: the run has ended, and the rest is being sent. */
export type TrackingState = 'waiting' | 'following' | 'catching_up' | 'behind' | 'delivered';

/** A tracker that a run's history goes to. */
export interface TrackerPlace {
  /** As people call it: `MLflow`. */
  label: string;
  state: TrackingState;
  /** A page, or a folder or file. */
  url: string | null;
}

/** The same, with how far its copy is. */
export interface FollowingTracker extends TrackerPlace {
  /** As the configuration has it: `mlflow`, and a number behind it if there are several of a type. */
  name: string;
  type: string;
  /** The last step sent. */
  step: number;
  /** Steps of the run, if it has ended and not all has arrived; older kernels don't tell. */
  steps?: number | null;
  /** Why it is behind. */
  message: string | null;
  updated_at: string;
}

export interface Snapshot {
  version: 1;
  revision: number;
  /** The teller's clock, ISO 8601. */
  now: string;
  run: RunFacts;
  progress: Progress;
  monitor: string | null;
  best: Best | null;
  /** Per-step series, already decimated. */
  curves: Curves;
  /** One column a metric, one row an epoch. */
  epochs: Record<string, (number | null)[]>;
  confusion: Confusion | null;
  checkpoints: Checkpoint[];
  /** Newest first. */
  controls: Control[];
  /** Newest first. */
  events: RunEvent[];
  /** YAML: the settings in force. */
  config: string;
  /** What can be changed while the run is alive. */
  settings: LiveSetting[];
  /** Verbs that make sense in the run's state. */
  allowed: string[];
  trackers?: FollowingTracker[];
}

export type Verb = 'pause' | 'resume' | 'suspend' | 'stop' | 'checkpoint' | 'set' | 'clone' | 'try';

/** What is computed with one of the run's models, and leaves the run as it is; what a test found can be forgotten. */
export type Computation = 'heatmaps' | 'predict' | 'test' | 'delete_test';

/** What can be read of a run besides its snapshots; nothing is changed or computed for it. */
export type Question =
  | 'evaluation'
  | 'confusions'
  | 'examples'
  | 'changed'
  | 'analysis'
  | 'histograms'
  | 'tests';

/** What a model is for. */
export type Task = 'classification' | 'regression' | 'segmentation' | 'detection';

export interface TryItem {
  index: number;
  truth: string;
  prediction: string;
  correct: boolean | null;
  confidence: number | null;
  probabilities: number[] | null;
  /** Grey values between 0 and 1, row by row. */
  image: number[][] | null;
  features: number[] | null;
}

/** The answer to `act('try', …)`. */
export interface TryResult {
  checkpoint: { step: number; epoch: number };
  task: Task;
  labels: string[];
  latency_ms: number;
  items: TryItem[];
}

/**
 * `silent`: something was asked and no answer came for some seconds; the other side is busy or gone.
 * `disconnected`: the connection is known to be closed.
 */
export type Connection = 'connected' | 'silent' | 'disconnected';

export interface RunClient {
  /** Calls back with the present snapshot at once, if there is one, and with every later one. */
  subscribe(callback: (snapshot: Snapshot) => void): () => void;
  connection(): Connection;
  onConnection(callback: (connection: Connection) => void): () => void;
  /** Asks for something; rejects with an `Error` whose message is fit to be shown. */
  act(verb: Verb | Computation, args?: Record<string, unknown>): Promise<unknown>;
  /** Reads a window of per-step series from the store, at most `points` points each. */
  curve(names: string[], start: number | null, stop: number | null, points: number): Promise<Curves>;
  /** Reads something else of the store; what is `null` or `undefined` in `args` isn't said. */
  read(what: Question, args?: Record<string, unknown>): Promise<unknown>;
  /** Fetches what became of each example of a test run, as the server writes it; `null` where no server is asked. */
  testFile?(number: number, format: 'csv' | 'json'): Promise<Blob | null>;
}

/** Where a component keeps what a person chose: whether the panel is folded, chart settings. */
export interface Memory {
  get(key: string): unknown;
  set(key: string, value: string | number | boolean): void;
}
