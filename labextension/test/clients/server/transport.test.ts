import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pageTransport } from '../../../src/clients/server/transport';

const asked: [string, RequestInit][] = [];

beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal('fetch', (url: URL, init: RequestInit) => {
    asked.push([url.href, init]);
    return Promise.resolve(new Response('{}'));
  });
  // biome-ignore lint/suspicious/noDocumentCookie: it is how the server gives it.
  document.cookie = '_xsrf=2|abc|def=';
});
afterEach(() => vi.unstubAllGlobals());

describe('the transport of a page', () => {
  it('shows the XSRF token with every request, for reading too', async () => {
    const transport = pageTransport('http://localhost:8888/user/ana/');
    await transport.request('GET', 'dltrainer/api/runs?limit=5');
    await transport.request('POST', 'dltrainer/api/check', 'a: 1', 'application/yaml');
    expect(asked.map(([url]) => url)).toEqual([
      'http://localhost:8888/user/ana/dltrainer/api/runs?limit=5',
      'http://localhost:8888/user/ana/dltrainer/api/check'
    ]);
    expect(asked[0]?.[1]).toMatchObject({ method: 'GET', headers: { 'X-XSRFToken': '2|abc|def=' } });
    expect(asked[0]?.[1]).not.toHaveProperty('body');
    expect(asked[1]?.[1]).toMatchObject({
      body: 'a: 1',
      credentials: 'same-origin',
      headers: { 'Content-Type': 'application/yaml', 'X-XSRFToken': '2|abc|def=' }
    });
  });

  it('gives the socket’s address, encrypted where the page is', () => {
    expect(pageTransport('https://hub.org/ana').socketUrl('dltrainer/api/stream')).toBe(
      'wss://hub.org/ana/dltrainer/api/stream?_xsrf=2%7Cabc%7Cdef%3D'
    );
    expect(pageTransport('http://localhost:8888/').socketUrl('dltrainer/api/stream')).toBe(
      'ws://localhost:8888/dltrainer/api/stream?_xsrf=2%7Cabc%7Cdef%3D'
    );
  });
});
