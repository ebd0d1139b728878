import { afterEach, describe, expect, it, vi } from 'vitest';
import { followOnServer, pageServer } from '../../src/clients/page-server';

const HERE = 'http://localhost:8888/user/ada/';
/** A script such as the server keeps for panels; it gives back what it is asked for. */
const SCRIPT = 'data:text/javascript,export const follow = (base, id) => ({ base, id });';

function page(config: unknown): void {
  const element = document.createElement('script');
  element.id = 'jupyter-config-data';
  element.type = 'application/json';
  element.textContent = JSON.stringify(config);
  document.head.append(element);
}

function server(status: number, answer: unknown): ReturnType<typeof vi.fn> {
  const asked = vi.fn(() => Promise.resolve(new Response(JSON.stringify(answer), { status })));
  vi.stubGlobal('fetch', asked);
  return asked;
}

afterEach(() => {
  document.head.replaceChildren();
  vi.unstubAllGlobals();
});

describe('pageServer', () => {
  it('is the address that the page was written with', () => {
    page({ baseUrl: `${HERE}`, token: 'secret' });
    expect(pageServer()).toBe(HERE);
  });

  it.each([[{}], [{ baseUrl: 7 }], [null]])('is nothing where the page says %o', config => {
    page(config);
    expect(pageServer()).toBeNull();
  });

  it('is nothing on a page of another host', () => expect(pageServer()).toBeNull());
});

describe('followOnServer', () => {
  it.each([
    ['reads another store', 200, { uuid: 'other', panel_client: 'a.js' }],
    ['has no script for panels', 200, { uuid: 'mine', panel_client: null }],
    ['lets nobody in, or isn’t ours', 404, {}]
  ])('gives nothing where the server %s', async (_, status, answer) => {
    page({ baseUrl: HERE });
    const asked = server(status, answer);
    expect(await followOnServer('mine', 'R1')).toBeNull();
    expect(asked).toHaveBeenCalledWith(`${HERE}dltrainer/api/store`, { headers: { 'X-XSRFToken': '' } });
  });

  it('shows the token that the server takes, of several', async () => {
    page({ baseUrl: HERE });
    vi.spyOn(document, 'cookie', 'get').mockReturnValue('_xsrf=old; a=b; _xsrf=2%7Cnew');
    const asked = server(404, {});
    await followOnServer('mine', 'R1');
    expect(asked).toHaveBeenCalledWith(expect.anything(), { headers: { 'X-XSRFToken': '2|new' } });
    vi.restoreAllMocks();
  });

  it('asks nobody where there is no server', async () => {
    const asked = server(200, {});
    expect(await followOnServer('mine', 'R1')).toBeNull();
    expect(asked).not.toHaveBeenCalled();
  });

  it('follows the run with what the server keeps for that', async () => {
    page({ baseUrl: HERE });
    server(200, { uuid: 'mine', panel_client: SCRIPT });
    expect(await followOnServer('mine', 'R1')).toEqual({ base: HERE, id: 'R1' });
  });
});
