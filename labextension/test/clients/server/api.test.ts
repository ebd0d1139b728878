import { describe, expect, it } from 'vitest';
import { Api, RefusedError } from '../../../src/clients/server/api';
import { words } from '../../../src/words/words';

type Sent = { method: string; path: string; body: string | undefined; type: string | undefined };

function server(answer: () => Response | Promise<Response>) {
  const sent: Sent[] = [];
  const api = new Api(
    {
      request: async (method, path, body, type) => {
        sent.push({ method, path, body, type });
        return answer();
      },
      socketUrl: () => 'ws://nowhere'
    },
    words('en').connection
  );
  return { api, sent };
}

const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status });

describe('the API', () => {
  it('asks for a page in the server’s words', async () => {
    const page = { runs: [], next: null, counts: {} };
    const { api, sent } = server(() => json(page));
    const query = {
      states: ['failed', 'lost'],
      filter: ' a>0.9 & ü ',
      sort: 'best',
      limit: 50,
      cursor: '12'
    } as const;
    expect(await api.page({ ...query, states: [...query.states] })).toEqual(page);
    await api.page({ cursor: null, filter: '  ' });
    expect(sent.map(({ path }) => path)).toEqual([
      'dltrainer/api/runs?state=failed%2Clost&filter=a%3E0.9+%26+%C3%BC&sort=best&limit=50&cursor=12',
      'dltrainer/api/runs'
    ]);
  });

  it('steers and deletes runs, whatever their names', async () => {
    const { api, sent } = server(() => json({ id: 3 }, 202));
    expect(await api.act('a/b ?', 'set', { learning_rate: 0.01 })).toEqual({ id: 3 });
    await api.act('R1', 'delete', {});
    expect(sent).toEqual([
      {
        method: 'POST',
        path: 'dltrainer/api/runs/a%2Fb%20%3F/set',
        body: '{"learning_rate":0.01}',
        type: 'application/json'
      },
      { method: 'DELETE', path: 'dltrainer/api/runs/R1', body: undefined, type: undefined }
    ]);
  });

  it('follows the layers of a configuration, with what a person says that goes in', async () => {
    const { api, sent } = server(() => json({ lines: [] }));
    expect(await api.outline({ model: { layers: ['flatten'] } })).toEqual({ lines: [] });
    await api.outline({}, { input_shape: [3, 8, 8], outputs: 2 });
    expect(sent.map(({ path, body }) => [path, body])).toEqual([
      ['dltrainer/api/outline', '{"model":{"layers":["flatten"]}}'],
      ['dltrainer/api/outline?input_shape=3%2C8%2C8&outputs=2', '{}']
    ]);
  });

  it('fetches a file as it is, and says why there is none', async () => {
    const { api, sent } = server(() => new Response('index,truth\n0,a\n'));
    expect(await (await api.testFile('R 1', 3, 'csv')).text()).toBe('index,truth\n0,a\n');
    expect(sent[0]?.path).toBe('dltrainer/api/runs/R%201/tests/3/examples?format=csv');
    const refusing = server(() => json({ message: 'The run has no test run 3.', reason: 'no' }, 404));
    await expect(refusing.api.testFile('R1', 3, 'json')).rejects.toThrow('The run has no test run 3.');
  });

  it('takes an empty answer for one', async () => {
    const { api } = server(() => new Response(null, { status: 204 }));
    expect(await api.act('R1', 'delete', {})).toBeNull();
  });

  it('reads a window of curves', async () => {
    const { api, sent } = server(() => json({ curves: { loss: { steps: [1], values: [2] } } }));
    expect(await api.curves('R1', ['loss', 'lr'], 5, null, 100)).toEqual({
      loss: { steps: [1], values: [2] }
    });
    expect(sent[0]?.path).toBe('dltrainer/api/runs/R1/curves?names=loss%2Clr&start=5&points=100');
  });

  it('checks and starts runs from YAML', async () => {
    const { api, sent } = server(() => json({ problems: [], id: 'N1', name: 'x' }));
    expect(await api.check('a: 1')).toEqual([]);
    expect((await api.train('a: 1')).id).toBe('N1');
    expect(sent.map(({ path, type }) => [path, type])).toEqual([
      ['dltrainer/api/check', 'application/yaml'],
      ['dltrainer/api/runs', 'application/yaml']
    ]);
  });

  it('says what the server says is wrong', async () => {
    const { api } = server(() => json({ message: 'No run is called x.', reason: 'RunNotFoundError' }, 404));
    const error = await api.act('x', 'pause', {}).catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ message: 'No run is called x.', status: 404, reason: 'RunNotFoundError' });
  });

  it('says something of its own where a proxy answers with a page', async () => {
    const { api } = server(() => new Response('<html>Bad gateway</html>', { status: 502 }));
    await expect(api.page({})).rejects.toThrow('The server refused the request (HTTP 502).');
  });

  it('says that nobody answers', async () => {
    const { api } = server(() => Promise.reject(new TypeError('Failed to fetch')));
    await expect(api.page({})).rejects.toThrow('The server doesn’t answer. Is it still running?');
  });
});
