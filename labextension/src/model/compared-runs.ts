import { type RunColour, runColours } from '../charts/colours';
import type { Curves, Snapshot } from '../contract';
import type { ServedRun, StudioClient } from '../studio/contract';
import { hasEnded, whyMissing } from './ended';
import { RunModel } from './run-model';

/** One of the runs that are compared. */
export interface ComparedRun {
  id: string;
  colour: RunColour;
  /** `null` until it is known. */
  snapshot: Snapshot | null;
  /** Why nothing more will come of it, as far as the server says; `null` while something may. */
  missing: string | null;
}

interface Followed {
  served: ServedRun;
  model: RunModel;
  missing: string | null;
}

/** Live runs tell something ten times a second each; together they are shown this often at most. */
const PAUSE_MS = 150;

/** Follows the runs of a comparison, and says together what is new about them. */
export class ComparedRuns {
  view: ComparedRun[] = [];
  readonly #client: StudioClient;
  readonly #runs = new Map<string, Followed>();
  readonly #listeners = new Set<() => void>();
  #colours = new Map<string, RunColour>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(client: StudioClient, ids: string[]) {
    this.#client = client;
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
      this.#runs.set(id, { served, model, missing: null });
      model.subscribe(() => {
        this.#look();
        this.#later();
      });
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

  /** Who answers for a run; `null` for one that isn't compared. */
  asking(id: string): RunModel['asking'] | null {
    return this.#runs.get(id)?.model.asking ?? null;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
    for (const { served, model } of this.#runs.values()) {
      model.close();
      served.close();
    }
  }

  /** Asks the server why it has nothing of runs that it doesn't have. */
  #look(): void {
    for (const run of this.#runs.values()) {
      const ended = hasEnded(this.#client, run.model.view.connection);
      if (ended && run.missing === null) {
        this.#miss(run, '');
        // Right after a break one run knows sooner than another that the server is back: then nothing is missing.
        void whyMissing(run.model).then(reason => run.missing !== null && this.#miss(run, reason ?? ''));
      } else if (!ended) {
        run.missing = null;
      }
    }
  }

  #miss(run: Followed, reason: string): void {
    run.missing = reason;
    this.#later();
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
