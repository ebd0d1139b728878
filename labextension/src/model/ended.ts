import type { Connection } from '../contract';
import type { StudioClient } from '../studio/contract';

/** Whether nothing more will come of a run, though the server answers: it was deleted, or there never was one. */
export function hasEnded(client: StudioClient, connectionOfRun: Connection): boolean {
  return connectionOfRun === 'disconnected' && client.connection() === 'connected';
}
