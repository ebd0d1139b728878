import { describe, expect, it, vi } from 'vitest';
import { insightSource } from '../../src/clients/insight-source';
import type { FollowedRun } from '../../src/clients/page-server';
import type { WidgetClient } from '../../src/clients/widget-client';

const script = 'export const mount = () => "from the kernel";';
const kernel = (module: () => Promise<string>) => ({ module: vi.fn(module) }) as unknown as WidgetClient;
const served = (insight: FollowedRun['insight']) => Promise.resolve({ insight } as FollowedRun);

describe('the script that shows what a model does', () => {
  it('comes from the page’s server where that has the run, and the kernel is left alone', async () => {
    const mount = vi.fn();
    const asked = kernel(() => Promise.resolve(script));
    const load = insightSource(
      asked,
      served(() => Promise.resolve({ mount }))
    );
    expect((await load()).mount).toBe(mount);
    expect(asked.module).not.toHaveBeenCalled();
  });

  it.each([
    ['no server has the run', () => Promise.resolve(null)],
    ['the server can’t be reached', () => Promise.reject(new Error('refused'))],
    ['the server gives no script', () => served(() => Promise.reject(new Error('gone')))]
  ])('comes from the kernel where %s, once', async (_why, server) => {
    // The test's browser imports no blobs; the second way is the same script.
    const asked = kernel(() => Promise.resolve(script));
    const load = insightSource(asked, server());
    const loaded = await load();
    expect(Reflect.apply(loaded.mount, null, [])).toBe('from the kernel');
    expect(await load()).toBe(loaded);
    expect(asked.module).toHaveBeenCalledTimes(1);
  });

  it('is asked for again after it failed', async () => {
    const answers = [Promise.reject(new Error('The kernel is gone.')), Promise.resolve(script)];
    const load = insightSource(
      kernel(() => answers.shift() ?? Promise.reject(new Error())),
      Promise.resolve(null)
    );
    await expect(load()).rejects.toThrow('The kernel is gone.');
    await expect(load()).resolves.toBeDefined();
  });

  it('says so in a sentence where the page lets no script run', async () => {
    const load = insightSource(
      kernel(() => Promise.resolve('not a script')),
      Promise.resolve(null)
    );
    await expect(load()).rejects.toThrow('security policy of this page');
  });
});
