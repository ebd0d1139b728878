import type { RunState } from '../contract';
import type { RunRow, StudioClient } from '../studio/contract';

/** States after which a run may still end. */
const ALIVE: RunState[] = ['pending', 'running', 'paused', 'suspended'];

const ENDED: ReadonlySet<RunState> = new Set(['completed', 'failed', 'lost']);

/** So many runs at most are looked at together. */
const LOOKED_AT = 200;

/**
 * Calls back with each run that comes to an end by itself, those included that ended while the server couldn't be
 * reached. Gives a function that ends it.
 */
export async function watchEndings(client: StudioClient, tell: (row: RunRow) => void): Promise<() => void> {
  const endings = new Endings();
  const observe = (rows: RunRow[]) => {
    for (const row of endings.observe(rows)) {
      tell(row);
    }
  };
  // What changes while it is being read which runs are alive is newer than that.
  const heard: RunRow[] = [];
  let hear: typeof observe = rows => void heard.push(...rows);
  const lookAgain = async () => hear((await client.page({ sort: 'updated', limit: LOOKED_AT })).runs);
  const release = [
    client.onRows(rows => hear(rows)),
    client.onConnection(connection => {
      if (connection === 'connected') {
        // Should the server be away again already, there is a next time.
        lookAgain().catch(() => undefined);
      }
    })
  ];
  const stop = () => {
    for (const end of release) {
      end();
    }
  };
  try {
    const { runs } = await client.page({ states: ALIVE, limit: LOOKED_AT });
    hear = observe;
    observe([...runs, ...heard]);
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}

/**
 * Tells which runs have come to an end by themselves since one last looked. A run counts once it was seen alive,
 * so that old runs and changes of ended ones are no news; one that a person stopped isn't news either.
 */
class Endings {
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
