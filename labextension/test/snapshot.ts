import type {
  Connection,
  Control,
  FollowingTracker,
  Question,
  RunClient,
  Snapshot,
  Verb
} from '../src/contract';

/** A running run with nothing special about it; a test changes what it is about. */
export function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    version: 1,
    revision: 1,
    now: '2026-03-14T09:30:00Z',
    run: {
      id: 'R1',
      name: 'digits-cnn',
      state: 'running',
      framework: 'pytorch',
      executor: 'thread',
      device: 'cpu',
      resume: 'exact',
      exact: true,
      attempts: 1,
      created_at: '2026-03-14T09:26:00Z',
      error: null,
      rebuildable: true,
      notices: []
    },
    progress: {
      epoch: 7,
      epochs: 20,
      step: 1204,
      steps: 3600,
      steps_per_epoch: 180,
      fraction: 0.334,
      epoch_fraction: 0.69,
      phase: 'training',
      steps_per_second: 812,
      seconds_left: 180,
      train_seconds: 90,
      learning_rate: 1e-3
    },
    monitor: 'val_accuracy',
    best: { metric: 'val_accuracy', mode: 'max', value: 0.9842, epoch: 6, step: 1080 },
    curves: { train_loss: { steps: [1, 2, 3], values: [2.3, null, 1.9] } },
    epochs: { epoch: [1, 2], step: [180, 360], train_loss: [1.5, 0.9], val_loss: [1.2, 0.8] },
    confusion: null,
    checkpoints: [checkpoint(1080, ['best']), checkpoint(900, ['last'])],
    controls: [],
    events: [{ at: '2026-03-14T09:29:00Z', kind: 'epoch', message: 'Epoch 6 ended.', step: 1080 }],
    config: 'name: digits-cnn\n',
    settings: [
      { key: 'epochs', value: 20, whole: true, optional: false },
      { key: 'learning_rate', value: 1e-3, whole: false, optional: false },
      { key: 'checkpoint.every_seconds', value: 60, whole: false, optional: true }
    ],
    allowed: ['pause', 'resume', 'suspend', 'stop', 'checkpoint', 'set'],
    trackers: [],
    ...changes
  };
}

export function checkpoint(step: number, kinds: Snapshot['checkpoints'][number]['kinds']) {
  return {
    step,
    epoch: Math.ceil(step / 180),
    kinds,
    metrics: { val_accuracy: 0.9842 },
    digest: `sha256:${step}`,
    bytes: 1_264_321,
    created_at: '2026-03-14T09:29:00Z'
  };
}

export function tracker(changes: Partial<FollowingTracker> = {}): FollowingTracker {
  return {
    name: 'mlflow',
    type: 'mlflow',
    label: 'MLflow',
    state: 'following',
    url: 'http://localhost:5000/#/experiments/1',
    step: 12_000,
    message: null,
    updated_at: '2026-03-14T09:28:00Z',
    ...changes
  };
}

export function control(
  id: number,
  kind: string,
  status: Control['status'],
  outcome: string | null = null
): Control {
  return {
    id,
    kind,
    arguments: {},
    status,
    outcome,
    step: null,
    requested_by: 'panel',
    requested_at: '2026-03-14T09:29:30Z'
  };
}

/** A client a test speaks through: it tells snapshots and answers what was asked. */
export class TestClient implements RunClient {
  readonly asked: { verb: Verb; args: Record<string, unknown> }[] = [];
  readonly questions: { what: Question; args: Record<string, unknown> }[] = [];
  /** What is read besides snapshots; nothing, unless a test says otherwise. */
  tells: (what: Question, args: Record<string, unknown>) => Promise<unknown> = () =>
    Promise.reject(new Error('Nothing is known of that.'));
  answer: (verb: Verb) => Promise<unknown> = () => Promise.resolve({});
  state: Connection = 'connected';
  readonly #listeners = new Set<(snapshot: Snapshot) => void>();
  readonly #connections = new Set<(connection: Connection) => void>();
  #last: Snapshot | null;

  constructor(first: Snapshot | null = snapshot()) {
    this.#last = first;
  }

  tell(next: Snapshot): void {
    // As from a kernel: nothing of it is the same object as before.
    this.#last = structuredClone(next);
    for (const listener of this.#listeners) {
      listener(this.#last);
    }
  }

  become(connection: Connection): void {
    this.state = connection;
    for (const listener of this.#connections) {
      listener(connection);
    }
  }

  subscribe(callback: (snapshot: Snapshot) => void): () => void {
    this.#listeners.add(callback);
    if (this.#last !== null) {
      callback(this.#last);
    }
    return () => this.#listeners.delete(callback);
  }

  connection(): Connection {
    return this.state;
  }

  onConnection(callback: (connection: Connection) => void): () => void {
    this.#connections.add(callback);
    return () => this.#connections.delete(callback);
  }

  /** Files that a server writes; missing where there is none. */
  testFile?: NonNullable<RunClient['testFile']>;

  read(what: Question, args: Record<string, unknown> = {}): Promise<unknown> {
    this.questions.push({ what, args });
    return this.tells(what, args);
  }

  act(verb: Verb, args: Record<string, unknown> = {}): Promise<unknown> {
    this.asked.push({ verb, args });
    return this.answer(verb);
  }

  curve(): Promise<Snapshot['curves']> {
    return Promise.resolve({});
  }
}
