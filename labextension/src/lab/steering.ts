import { Notification } from '@jupyterlab/apputils';
import type { RunState } from '../contract';
import type { RunRow, StudioClient } from '../studio/contract';
import type { LabWords } from '../words/lab';
import type { Studio } from './studio';

export const STEERS = ['pause', 'resume', 'suspend', 'stop', 'checkpoint'] as const;

export type Steer = (typeof STEERS)[number];

/** The states of the runs of which the newest is meant. */
const MEANT: Record<Steer, RunState[]> = {
  pause: ['running'],
  // What was stopped, failed or was lost long ago goes on only where one sees which it is.
  resume: ['paused', 'suspended'],
  suspend: ['running', 'paused'],
  stop: ['running', 'paused'],
  checkpoint: ['running', 'paused']
};

/** Asks something of the newest run of which it can be asked, and says what comes of it. */
export async function steer(studio: Studio, verb: Steer): Promise<void> {
  const { words } = studio;
  const client = await studio.client();
  const { runs } = await client.page({ states: MEANT[verb], sort: 'newest', limit: 1 });
  const run = runs[0];
  if (run === undefined) {
    Notification.info(words.none[verb], { autoClose: 5000 });
    return;
  }
  const say = (text: unknown) => words.answer(run.name, text instanceof Error ? text.message : String(text));
  Notification.promise(answer(client, run, verb, words), {
    pending: { message: words.asked[verb](run.name), options: { autoClose: false } },
    success: { message: say, options: { autoClose: 5000 } },
    // A notification can't keep an `Error`.
    error: { message: say, options: { data: '' } }
  });
}

/** Asks, and gives what the trainer answers; rejects if that is a refusal. */
async function answer(client: StudioClient, run: RunRow, verb: Steer, words: LabWords): Promise<string> {
  const { Errands } = await import('../model/errands');
  const errands = new Errands(client, {
    done: () => words.done[verb],
    cloned: name => name,
    deleted: name => name
  });
  try {
    return await new Promise((resolve, reject) => {
      errands.subscribe(() => {
        const errand = errands.view.get(run.id);
        if (errand?.failed) {
          reject(new Error(errand.text ?? ''));
        } else if (errand != null && errand.text !== null) {
          resolve(errand.text);
        }
      });
      void errands.run(run, verb);
    });
  } finally {
    errands.close();
  }
}
