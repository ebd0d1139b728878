import { ServerConnection } from '@jupyterlab/services';
import { ServerClient } from '../clients/server/server-client';
import { type Transport, xsrfToken } from '../clients/server/transport';
import type { StudioClient } from '../studio/contract';

/** Talks to the server that JupyterLab itself talks to. */
export function connect(settings: ServerConnection.ISettings, language: string): StudioClient {
  return new ServerClient(labTransport(settings), language);
}

/** Reaches the server as JupyterLab does: its address, its token, its XSRF token. */
function labTransport(settings: ServerConnection.ISettings): Transport {
  const { baseUrl, wsUrl, token, appendToken } = settings;
  return {
    request(method, path, body, type) {
      const init: RequestInit = {
        method,
        // With `no-store`, its default, JupyterLab adds a number to the query, which the server would have to ignore.
        cache: 'no-cache',
        ...(body === undefined ? {} : { body }),
        ...(type === undefined ? {} : { headers: { 'Content-Type': type } })
      };
      return ServerConnection.makeRequest(new URL(path, baseUrl).href, init, settings);
    },
    socketUrl(path) {
      const url = new URL(path, wsUrl);
      // A WebSocket can send no headers.
      url.searchParams.set('_xsrf', xsrfToken());
      if (appendToken && token !== '') {
        url.searchParams.set('token', token);
      }
      return url.href;
    }
  };
}
