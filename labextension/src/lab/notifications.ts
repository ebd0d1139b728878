import { Notification } from '@jupyterlab/apputils';
import type { RunRow } from '../studio/contract';
import { watchEndings } from './endings';
import { message } from './message';
import { COMMANDS, type Studio } from './studio';

/** Says when a run has finished or failed, wherever it was started. Gives a function that ends it. */
export async function notifyOfEndings(studio: Studio): Promise<() => void> {
  return watchEndings(await studio.client(), row => notify(studio, row));
}

function notify(studio: Studio, row: RunRow): void {
  const { notifyFinished, notifyFailed } = studio.preferences.settings;
  const finished = row.state === 'completed';
  if (!(finished ? notifyFinished : notifyFailed)) {
    return;
  }
  Notification.emit(message(row, studio.words), finished ? 'success' : 'error', {
    // What failed stays until somebody has seen it.
    autoClose: finished ? 10_000 : false,
    actions: [
      {
        label: studio.words.open,
        callback: () => void studio.app.commands.execute(COMMANDS.openRun, { id: row.id, name: row.name })
      }
    ]
  });
}
