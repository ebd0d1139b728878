import type { Insight, LoadInsight } from '../insight/contract';
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
  return served ?? imported(await kernel.module());
}

/** Runs a script that came as a text; most pages allow it one way or the other. */
async function imported(script: string): Promise<Insight> {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const ways = [url, `data:text/javascript;charset=utf-8,${encodeURIComponent(script)}`];
  let cause: unknown;
  try {
    for (const way of ways) {
      try {
        return (await import(/* @vite-ignore */ way)) as Insight;
      } catch (error) {
        cause = error;
      }
    }
  } finally {
    URL.revokeObjectURL(url);
  }
  throw new Error(
    'The security policy of this page lets no script from the kernel run; `dltrain ui` shows this view in a page of its own.',
    { cause }
  );
}
