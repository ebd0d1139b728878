import type {
  Computation,
  Connection,
  Control,
  Curves,
  Question,
  RunClient,
  Snapshot,
  TryResult,
  Verb
} from '../src/contract';
import { heatOf } from './made-pictures';
import { EXAMPLES, STEPS, at } from './recording';
import type { Scenario } from './scenarios';

const WORDS: Record<string, string> = {
  pause: 'Paused',
  resume: 'Resumed',
  suspend: 'Suspended',
  stop: 'Stopped',
  checkpoint: 'Checkpoint written',
  set: 'Learning rate set'
};

/** Plays a scenario: a live one goes on by itself, and every verb is answered after a moment. */
export class FakeClient implements RunClient {
  readonly #scenario: Scenario;
  readonly #listeners = new Set<(snapshot: Snapshot) => void>();
  #snapshot: Snapshot;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#snapshot = scenario.snapshot;
  }

  /** @param rate steps shown at each refresh, ten times a second */
  play(rate = 4): void {
    this.#timer = setInterval(() => {
      const { run, progress } = this.#snapshot;
      if (run.state === 'running' && progress.step < STEPS) {
        const next = at(Math.min(STEPS, progress.step + rate));
        this.#send({ ...next, controls: this.#snapshot.controls });
      }
    }, 100);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  subscribe(callback: (snapshot: Snapshot) => void): () => void {
    this.#listeners.add(callback);
    callback(this.#snapshot);
    return () => this.#listeners.delete(callback);
  }

  connection(): Connection {
    return this.#scenario.connection ?? 'connected';
  }

  onConnection(): () => void {
    return () => undefined;
  }

  async act(verb: Verb | Computation, args: Record<string, unknown> = {}): Promise<unknown> {
    if (this.#scenario.mute === true) {
      return new Promise(() => undefined);
    }
    await wait(150);
    if (verb === 'heatmaps') {
      return { items: (args.index as number[]).map(index => ({ index, heatmap: heatOf(index) })) };
    }
    if (verb === 'try') {
      return this.#try(Number(args.offset ?? 0));
    }
    const computed = this.#scenario.computes?.[verb as Computation];
    if (computed !== undefined) {
      return computed(args);
    }
    if (verb === 'clone') {
      return { id: 'N1', name: `${this.#snapshot.run.name}-2` };
    }
    const control = this.#control(verb, args);
    this.#send({ ...this.#snapshot, controls: [control, ...this.#snapshot.controls] });
    setTimeout(() => this.#finish(control), 700);
    return { id: control.id };
  }

  async curve(names: string[], start: number | null, stop: number | null): Promise<Curves> {
    await wait(120);
    const all = at(this.#snapshot.progress.step).curves;
    const inside = (step: number) => step >= (start ?? 0) && step <= (stop ?? STEPS);
    return Object.fromEntries(
      names.map(name => {
        const { steps = [], values = [] } = all[name] ?? {};
        return [
          name,
          { steps: steps.filter(inside), values: values.filter((_, i) => inside(steps[i] ?? 0)) }
        ];
      })
    );
  }

  async read(what: Question, args: Record<string, unknown> = {}): Promise<unknown> {
    if (this.#scenario.mute === true) {
      return new Promise(() => undefined);
    }
    await wait(60);
    const answer = this.#scenario.answers?.[what];
    if (answer === undefined) {
      throw new Error(`The scenario has no answer to '${what}'.`);
    }
    return answer(args);
  }

  #control(kind: string, args: Record<string, unknown>): Control {
    const id = Math.max(0, ...this.#snapshot.controls.map(control => control.id)) + 1;
    return {
      id,
      kind,
      arguments: args,
      status: 'requested',
      outcome: null,
      step: null,
      requested_by: 'panel',
      requested_at: this.#snapshot.now
    };
  }

  #finish(asked: Control): void {
    const { run, progress, controls } = this.#snapshot;
    const outcome = `${WORDS[asked.kind]} at step ${progress.step.toLocaleString('en-US')} (epoch ${progress.epoch}).`;
    const done: Control = { ...asked, status: 'done', outcome, step: progress.step };
    const state =
      ({ pause: 'paused', resume: 'running', suspend: 'suspended', stop: 'stopped' } as const)[asked.kind] ??
      run.state;
    this.#send({
      ...this.#snapshot,
      run: { ...run, state },
      controls: controls.map(control => (control.id === asked.id ? done : control)),
      allowed: state === 'suspended' || state === 'stopped' ? ['resume', 'delete'] : this.#snapshot.allowed
    });
  }

  #try(offset: number): TryResult {
    const { task = 'classification', labels = [...'0123456789'], items = EXAMPLES } = this.#scenario;
    return {
      checkpoint: { step: this.#snapshot.best?.step ?? 0, epoch: this.#snapshot.best?.epoch ?? 0 },
      task,
      labels,
      latency_ms: 4.21,
      items: items.slice(offset, offset + 12)
    };
  }

  #send(snapshot: Snapshot): void {
    // As from a kernel: nothing of it is the same object as before.
    this.#snapshot = structuredClone({ ...snapshot, revision: this.#snapshot.revision + 1 });
    for (const listener of this.#listeners) {
      listener(this.#snapshot);
    }
  }
}

function wait(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
