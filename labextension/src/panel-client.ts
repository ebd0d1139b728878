/** What the notebook's panels load from the Jupyter server to follow their runs there. */

import { ServerClient } from './clients/server/server-client';
import { pageTransport } from './clients/server/transport';
import type { FollowedRun } from './clients/page-server';

const clients = new Map<string, ServerClient>();

/** Follows a run; all panels of a page share a connection. */
export function follow(baseUrl: string, id: string): FollowedRun {
  const client = clients.get(baseUrl) ?? new ServerClient(pageTransport(baseUrl));
  clients.set(baseUrl, client);
  return Object.assign(client.run(id), { insight: () => import('./insight') });
}
