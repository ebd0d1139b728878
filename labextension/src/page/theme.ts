import type { Memory } from '../contract';

type Theme = 'light' | 'dark';

const KEY = 'theme';

/** Light or dark: the system's until a person chooses the other one, and the system's again once they agree. */
export class ThemeChoice {
  readonly #memory: Memory;
  readonly #system = matchMedia('(prefers-color-scheme: dark)');
  readonly #listeners = new Set<() => void>();

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#system.addEventListener('change', () => this.#apply());
    this.#apply();
  }

  get shown(): Theme {
    return this.#chosen ?? this.#systems;
  }

  switch(): void {
    const other = this.shown === 'dark' ? 'light' : 'dark';
    this.#memory.set(KEY, other === this.#systems ? '' : other);
    this.#apply();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get #systems(): Theme {
    return this.#system.matches ? 'dark' : 'light';
  }

  get #chosen(): Theme | null {
    const kept = this.#memory.get(KEY);
    return kept === 'light' || kept === 'dark' ? kept : null;
  }

  #apply(): void {
    const root = document.documentElement;
    if (this.#chosen === null) {
      root.removeAttribute('theme');
    } else {
      // What the style sheets and the charts look at.
      root.setAttribute('theme', this.#chosen);
    }
    for (const listener of this.#listeners) {
      listener();
    }
  }
}
