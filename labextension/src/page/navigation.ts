import { type Route, addressOf, routeOf } from './route';

/** Where the page is, in the browser's own history. */
export class Navigation {
  route: Route;
  /** What a new run begins with, if it is to begin with something; it is too long for an address. */
  yaml: string | undefined;
  /** Path of the page, with a slash at its end. */
  readonly base: string;
  readonly #listeners = new Set<() => void>();

  constructor(base: string) {
    this.base = base;
    this.route = routeOf(base, location);
    this.yaml = yamlIn(history.state);
    window.addEventListener('popstate', event => this.#arrive(yamlIn(event.state)));
  }

  go(route: Route, yaml?: string): void {
    const address = addressOf(this.base, route);
    if (address !== location.pathname + location.search || yaml !== this.yaml) {
      history.pushState(yaml === undefined ? null : { yaml }, '', address);
      this.#arrive(yaml);
    }
  }

  /** Says in the address what the view itself has changed. */
  amend(route: Route): void {
    history.replaceState(history.state, '', addressOf(this.base, route));
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #arrive(yaml: string | undefined): void {
    this.route = routeOf(this.base, location);
    this.yaml = yaml;
    for (const listener of this.#listeners) {
      listener();
    }
  }
}

function yamlIn(state: unknown): string | undefined {
  const yaml = typeof state === 'object' && state !== null && 'yaml' in state ? state.yaml : undefined;
  return typeof yaml === 'string' ? yaml : undefined;
}
