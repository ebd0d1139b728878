import type { Insight, LoadInsight } from '../insight/contract';
import { imported } from './imported';
import type { FollowedRun } from './page-server';
import type { WidgetClient } from './widget-client';

/**
 * Loads the script that shows what a model does, for a panel in a notebook: from the page's server if it has the run,
 * else from the kernel, by a message. It is never a trait, which the notebook would keep.
 */
export function insightSource(kernel: WidgetClient, server: Promise<FollowedRun | null>): LoadInsight {
  let loading: Promise<Insight> | null = null;
  return () => {
    loading ??= first(kernel, server).catch((error: unknown) => {
      loading = null;
      throw error;
    });
    return loading;
  };
}

async function first(kernel: WidgetClient, server: Promise<FollowedRun | null>): Promise<Insight> {
  // Whatever keeps the server from giving it, there is the kernel.
  const served = await server.then(run => run?.insight()).catch(() => undefined);
  return served ?? imported<Insight>(await kernel.module());
}
