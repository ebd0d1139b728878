import type { Connection } from '../contract';
import type { StudioClient } from '../studio/contract';
import { type RunModel, message } from './run-model';

/** Whether nothing more will come of a run, though the server answers: it was deleted, or there never was one. */
export function hasEnded(client: StudioClient, connectionOfRun: Connection): boolean {
  return connectionOfRun === 'disconnected' && client.connection() === 'connected';
}

/** Why the server has nothing of a run, in its own words: whoever asks for something of one is told. */
export function whyMissing(model: RunModel): Promise<string | null> {
  return model.curve(['train_loss'], null, null, 4).then(() => null, message);
}
