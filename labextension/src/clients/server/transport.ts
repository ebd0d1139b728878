/** How the Jupyter server is reached; who knows its address and its keys hands this in. */
export interface Transport {
  /**
   * Sends a request with what lets it in: token or cookies, and the XSRF token, for reading too.
   *
   * @param path below the server's base URL, such as `dltrainer/api/runs`
   * @param type the media type of the body
   */
  request(method: string, path: string, body?: string, type?: string): Promise<Response>;
  /** The address of a WebSocket, `ws:` or `wss:`, with what lets it in: it can send no headers. */
  socketUrl(path: string): string;
}

/** Reaches the server a page came from, by the page's own cookies. */
export function pageTransport(baseUrl: string): Transport {
  const root = new URL(baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`, location.href);
  return {
    request(method, path, body, type) {
      const headers: Record<string, string> = { 'X-XSRFToken': xsrfToken() };
      if (type !== undefined) {
        headers['Content-Type'] = type;
      }
      return fetch(new URL(path, root), {
        method,
        headers,
        credentials: 'same-origin',
        ...(body === undefined ? {} : { body })
      });
    },
    socketUrl(path) {
      const url = new URL(path, root);
      url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
      url.searchParams.set('_xsrf', xsrfToken());
      return url.href;
    }
  };
}

/** What a page of the server knows and another's doesn't. Of several cookies the server takes the last one. */
export function xsrfToken(): string {
  return decodeURIComponent(/^(?:.*; )?_xsrf=([^;]*)/.exec(document.cookie)?.[1] ?? '');
}
