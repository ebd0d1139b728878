import type { Memory } from '../contract';
import type { StudioClient, StudioHost } from '../studio/contract';
import type { Navigation } from './navigation';
import type { Route } from './route';

/** Shows a view inside an element, and gives a function that takes it away again. */
export type Mount = (element: HTMLElement) => () => void;

export interface Stage {
  client: StudioClient;
  host: StudioHost;
  memory: Memory;
  navigation: Navigation;
}

/** Loads what a route shows, each kind of view when it is first shown; `null` at the start, where there is none. */
export async function load(route: Route, stage: Stage): Promise<Mount | null> {
  const { client, host, memory, navigation } = stage;
  switch (route.view) {
    case 'run': {
      const { mountRun } = await import('../studio/run-tab');
      return element => mountRun(element, client, route.id, host, { memory });
    }
    case 'compare': {
      const { mountCompare } = await import('../studio/compare');
      const onIds = (ids: string[]) => navigation.amend({ view: 'compare', ids });
      return element => mountCompare(element, client, route.ids, host, { memory, onIds });
    }
    case 'new': {
      const { mountCreate } = await import('../studio/create');
      const onText = (yaml: string) => navigation.keep(yaml);
      return element => mountCreate(element, client, navigation.yaml, host, { memory, onText });
    }
    default:
      return null;
  }
}
