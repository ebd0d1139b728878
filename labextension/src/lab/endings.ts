import type { RunState } from '../contract';
import type { RunRow } from '../studio/contract';

/** States after which a run may still end. */
export const ALIVE: RunState[] = ['pending', 'running', 'paused', 'suspended'];

const ENDED: ReadonlySet<RunState> = new Set(['completed', 'failed', 'lost']);

/**
 * Tells which runs have come to an end by themselves since one last looked. A run counts once it was seen alive,
 * so that old runs and changes of ended ones are no news; one that a person stopped isn't news either.
 */
export class Endings {
  readonly #alive = new Set<string>();

  /** Takes rows that are new or have changed, and gives those that have just ended. */
  observe(rows: RunRow[]): RunRow[] {
    const ended: RunRow[] = [];
    for (const row of rows) {
      if (ALIVE.includes(row.state)) {
        this.#alive.add(row.id);
      } else if (this.#alive.delete(row.id) && ENDED.has(row.state)) {
        ended.push(row);
      }
    }
    return ended;
  }
}
