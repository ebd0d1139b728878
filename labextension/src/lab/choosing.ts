import { InputDialog, Notification } from '@jupyterlab/apputils';
import type { RunRow } from '../studio/contract';
import type { Studio } from './studio';

/** So many runs are offered, the newest ones; the sidebar finds the others. */
const OFFERED = 100;

/** Gives the newest run, or says that there is none. */
export async function newestRun(studio: Studio): Promise<RunRow | null> {
  return (await offered(studio, 1))?.[0] ?? null;
}

/** Lets a person choose a run by typing; gives nothing if they would rather not. */
export async function chooseRun(studio: Studio): Promise<RunRow | null> {
  const runs = await offered(studio, OFFERED);
  if (runs === null) {
    return null;
  }
  const items = new Map(runs.map(run => [title(run), run]));
  const { value } = await InputDialog.getItem({
    title: studio.words.chooseOne,
    items: [...items.keys()],
    okLabel: studio.words.open
  });
  return items.get(value ?? '') ?? null;
}

/** Lets a person choose two runs or more; gives none if they would rather not. */
export async function chooseRuns(studio: Studio): Promise<RunRow[]> {
  const runs = await offered(studio, OFFERED);
  if (runs === null) {
    return [];
  }
  const items = new Map(runs.map(run => [title(run), run]));
  const { value } = await InputDialog.getMultipleItems({
    title: studio.words.choose,
    items: [...items.keys()]
  });
  const chosen = (value ?? []).flatMap(item => items.get(item) ?? []);
  if (chosen.length === 1) {
    Notification.info(studio.words.chooseTwo, { autoClose: 5000 });
    return [];
  }
  return chosen;
}

async function offered(studio: Studio, limit: number): Promise<RunRow[] | null> {
  const client = await studio.client();
  const { runs } = await client.page({ sort: 'newest', limit });
  if (runs.length > 0) {
    return runs;
  }
  Notification.info(studio.words.noRuns, { autoClose: 5000 });
  return null;
}

/** Runs may have one name; numbers tell them apart. */
function title({ name, number }: RunRow): string {
  return `${name} · ${number}`;
}
