import { type RunColour, runColours } from '../charts/colours';
import type { Curves, Snapshot } from '../contract';
import type { ServedRun, StudioClient } from '../studio/contract';
import { RunModel, message } from './run-model';

/** One of the runs that are compared. */
export interface ComparedRun {
  id: string;
  colour: RunColour;
  /** `null` until it is known. */
  snapshot: Snapshot | null;
  /** Why the server shows nothing of it; `null` if it does, or may yet. */
  missing: string | null;
}

interface Followed {
  served: ServedRun;
  model: RunModel;
  missing: string | null;
  asked: boolean;
}

/** Live runs tell something ten times a second each; together they are shown this often at most. */
const PAUSE_MS = 150;

/** Follows the runs of a comparison, and says together what is new about them. */
export class ComparedRuns {
  view: ComparedRun[] = [];
  readonly #client: StudioClient;
  readonly #runs = new Map<string, Followed>();
  readonly #listeners = new Set<() => void>();
  readonly #forgetRows: () => void;
  readonly #forgetConnection: () => void;
  #colours = new Map<string, RunColour>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(client: StudioClient, ids: string[]) {
    this.#client = client;
    this.#forgetRows = client.onRows((_rows, gone) => {
      for (const id of gone) {
        this.#miss(id, null);
      }
    });
    this.#forgetConnection = client.onConnection(() => this.#look());
    this.choose(ids);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Changes which runs are compared; those that stay keep their colours. */
  choose(ids: string[]): void {
    for (const [id, { served, model }] of this.#runs) {
      if (!ids.includes(id)) {
        model.close();
        served.close();
        this.#runs.delete(id);
      }
    }
    this.#colours = runColours(ids, this.#colours);
    for (const id of ids.filter(other => !this.#runs.has(other))) {
      const served = this.#client.run(id);
      const model = new RunModel(served);
      this.#runs.set(id, { served, model, missing: null, asked: false });
      model.subscribe(() => this.#later());
    }
    // In the order they were given.
    for (const id of ids) {
      const run = this.#runs.get(id);
      if (run !== undefined) {
        this.#runs.delete(id);
        this.#runs.set(id, run);
      }
    }
    this.#look();
    this.#tell();
  }

  /** Reads a window of a run's per-step series; nothing where that can't be. */
  async curve(
    id: string,
    names: string[],
    start: number,
    stop: number,
    points: number
  ): Promise<Curves | null> {
    const run = this.#runs.get(id);
    if (run === undefined || names.length === 0) {
      return null;
    }
    // The decimated curve stays where it can't be read more finely; it is still true, only coarser.
    return run.model.curve(names, start, stop, points).catch(() => null);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#forgetRows();
    this.#forgetConnection();
    this.#listeners.clear();
    for (const { served, model } of this.#runs.values()) {
      model.close();
      served.close();
    }
  }

  /** A run that isn't there sends nothing, for ever; asked for something of it, the server says so. */
  #look(): void {
    if (this.#client.connection() !== 'connected') {
      return;
    }
    for (const [id, run] of this.#runs) {
      if (run.model.view.snapshot === null && !run.asked) {
        run.asked = true;
        run.model.curve(['train_loss'], null, null, 4).catch((error: unknown) => {
          run.asked = false;
          if (this.#client.connection() === 'connected' && run.model.view.snapshot === null) {
            this.#miss(id, message(error));
          }
        });
      }
    }
  }

  #miss(id: string, reason: string | null): void {
    const run = this.#runs.get(id);
    if (run !== undefined) {
      run.missing = reason ?? '';
      this.#later();
    }
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tell();
    }, PAUSE_MS);
  }

  #tell(): void {
    this.view = [...this.#runs].flatMap(([id, { model, missing }]) => {
      const colour = this.#colours.get(id);
      return colour === undefined ? [] : [{ id, colour, missing, snapshot: model.view.snapshot }];
    });
    for (const listener of this.#listeners) {
      listener();
    }
  }
}
