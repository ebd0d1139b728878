import type { LoadInsight } from '../insight/contract';
import type { ServedRun } from '../studio/contract';
import { xsrfToken } from './server/transport';

/** A run as the page's server has it, and what shows more of it. */
export interface FollowedRun extends ServedRun {
  insight: LoadInsight;
}

/** What the script that the server keeps for panels gives. */
interface PanelClient {
  /** Follows a run of the server at this address. */
  follow(baseUrl: string, id: string): FollowedRun;
}

/**
 * The address of the Jupyter server that the page came from, as JupyterLab and Notebook write it into their pages;
 * `null` where there is none, or it is not said.
 */
export function pageServer(): string | null {
  const text = document.getElementById('jupyter-config-data')?.textContent;
  const config: unknown = text ? JSON.parse(text) : null;
  const base = typeof config === 'object' && config !== null && 'baseUrl' in config ? config.baseUrl : null;
  return typeof base === 'string' ? new URL(base.replace(/\/?$/, '/'), location.href).href : null;
}

/**
 * Follows a run over the page's server, if that reads the store the run is in: so that the panel goes on while the
 * kernel is busy, or after it has died. `null` where there is no such server.
 *
 * What talks to the server is loaded from it, since the panel's own script is saved in every notebook.
 */
export async function followOnServer(store: string, id: string): Promise<FollowedRun | null> {
  const base = pageServer();
  if (base === null) {
    return null;
  }
  const answer = await fetch(`${base}dltrainer/api/store`, { headers: { 'X-XSRFToken': xsrfToken() } });
  if (!answer.ok) {
    return null;
  }
  const { uuid, panel_client: script } = (await answer.json()) as {
    uuid: string;
    panel_client: string | null;
  };
  if (uuid !== store || script === null) {
    return null;
  }
  const { follow } = (await import(/* @vite-ignore */ new URL(script, base).href)) as PanelClient;
  return follow(base, id);
}
