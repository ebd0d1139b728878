import { type Route, addressOf, routeOf } from './route';

/** Typing must rest so long before the history is told: browsers take so many changes of it and no more. */
const REST_MS = 300;

/** Where the page is, in the browser's own history. */
export class Navigation {
  route: Route;
  /** What a new run begins with, if it is to begin with something; it is too long for an address. */
  yaml: string | undefined;
  /** Path of the page, with a slash at its end. */
  readonly base: string;
  readonly #listeners = new Set<() => void>();
  /** What the new run says by now, until the history knows. */
  #draft: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(base: string) {
    this.base = base;
    this.route = routeOf(base, location);
    this.yaml = yamlIn(history.state);
    window.addEventListener('popstate', event => {
      // Where it belonged to has been left; what was typed last is lost with it.
      this.#draft = undefined;
      this.#arrive(yamlIn(event.state));
    });
    window.addEventListener('pagehide', () => this.#settle());
  }

  go(route: Route, yaml?: string): void {
    const address = addressOf(this.base, route);
    if (address !== location.pathname + location.search || yaml !== this.yaml) {
      this.#settle();
      history.pushState(yaml === undefined ? null : { yaml }, '', address);
      this.#arrive(yaml);
    }
  }

  /** Says in the address what the view itself has changed. */
  amend(route: Route): void {
    history.replaceState(history.state, '', addressOf(this.base, route));
  }

  /** Keeps what a new run says by now, for who comes back to it. */
  keep(yaml: string): void {
    this.#draft = yaml;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#settle(), REST_MS);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #settle(): void {
    clearTimeout(this.#timer);
    if (this.#draft !== undefined) {
      history.replaceState({ yaml: this.#draft }, '');
      this.#draft = undefined;
    }
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
