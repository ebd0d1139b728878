import type { RunRow, RunsPage } from '../studio/contract';
import type { Compare } from './run-order';

/** Rows asked for at a time; more of them when somebody jumps far down. */
export const PAGE = 50;
const FAR_PAGE = 500;
/** Rows kept around what is seen; those of pages farther away are forgotten and asked for again. */
const KEPT = 1000;

interface Page {
  /** What the page is asked for with; `null` for the first. */
  cursor: string | null;
  size: number;
  /** `null` once forgotten. */
  rows: RunRow[] | null;
  /** Something may have changed unseen: the rows are shown until newer ones come. */
  stale: boolean;
}

/** A page that should be asked for. */
export interface Wanted {
  at: number;
  cursor: string | null;
  limit: number;
}

/**
 * The runs of one group, as far as they are known: a chain of pages, each found by the cursor the one before
 * it gave. Far pages keep their size only, so that memory is bounded and nothing moves.
 */
export class RunPages {
  #pages: Page[] = [];
  #next: string | null | undefined;
  #count = 0;
  readonly #homes = new Map<string, Page>();

  /** How many runs there are, known or not. */
  get count(): number {
    return this.#next === null ? this.#known() : Math.max(this.#count, this.#known());
  }

  /** How many rows are in memory. */
  get loaded(): number {
    return this.#homes.size;
  }

  row(index: number): RunRow | null {
    let first = 0;
    for (const page of this.#pages) {
      if (index < first + page.size) {
        return page.rows?.[index - first] ?? null;
      }
      first += page.size;
    }
    return null;
  }

  find(id: string): RunRow | null {
    return this.#homes.get(id)?.rows?.find(row => row.id === id) ?? null;
  }

  /** Where a run stands; -1 if it isn't in memory. */
  indexOf(id: string): number {
    let first = 0;
    for (const page of this.#pages) {
      if (page === this.#homes.get(id)) {
        return first + (page.rows?.findIndex(row => row.id === id) ?? -1);
      }
      first += page.size;
    }
    return -1;
  }

  /** The first page to ask for so that rows `first` to `last` are there; `null` if they are. */
  wanted(first: number, last: number): Wanted | null {
    let start = 0;
    for (const [at, page] of this.#pages.entries()) {
      const seen = start <= last && start + page.size > first;
      if (seen && (page.rows === null || page.stale)) {
        return { at, cursor: page.cursor, limit: Math.max(page.size, 1) };
      }
      start += page.size;
    }
    if (this.#next === null || (this.#next !== undefined && last < start)) {
      return null;
    }
    const limit = first - start > FAR_PAGE / 2 ? FAR_PAGE : PAGE;
    return { at: this.#pages.length, cursor: this.#next ?? null, limit };
  }

  /** What to ask for to see whether the top has changed. */
  top(): Wanted {
    return { at: 0, cursor: null, limit: Math.max(PAGE, this.#pages[0]?.size ?? 0) };
  }

  /** Takes a page in. One that ends elsewhere than it used to breaks the chain: what came after it goes. */
  put({ at, cursor }: Wanted, { runs, next: told }: RunsPage, count: number): void {
    // A page without rows is the last one, or else one would read on forever.
    const next = runs.length === 0 ? null : told;
    const old = this.#pages[at];
    if (at > 0 && cursor !== (old === undefined ? this.#next : old.cursor)) {
      // The chain was broken while this page was on its way.
      return;
    }
    if (old !== undefined) {
      this.#forget(old);
    }
    const page: Page = { cursor, size: runs.length, rows: runs, stale: false };
    const following = this.#pages[at + 1];
    if ((following === undefined ? this.#next : following.cursor) !== next) {
      for (const gone of this.#pages.splice(at + 1)) {
        this.#forget(gone);
      }
      this.#next = next;
    }
    this.#pages[at] = page;
    for (const { id } of runs) {
      // A run that moved while pages were read stands where it was read last.
      this.remove(id);
      this.#homes.set(id, page);
    }
    this.#count = count;
  }

  /** Marks everything as possibly out of date. */
  age(): void {
    for (const page of this.#pages) {
      page.stale = true;
    }
  }

  /** Puts a changed row where the run's row is. */
  replace(row: RunRow): void {
    const page = this.#homes.get(row.id);
    if (page?.rows != null) {
      page.rows = page.rows.map(other => (other.id === row.id ? row : other));
    }
  }

  remove(id: string): boolean {
    const page = this.#homes.get(id);
    if (page?.rows == null) {
      return false;
    }
    page.rows = page.rows.filter(row => row.id !== id);
    page.size = page.rows.length;
    this.#homes.delete(id);
    this.#count -= 1;
    return true;
  }

  /** Puts a row in its place; not if that lies among rows that aren't in memory. */
  insert(row: RunRow, compare: Compare): boolean {
    let page: Page | undefined;
    let index = 0;
    for (const [at, candidate] of this.#pages.entries()) {
      const before = candidate.rows?.findIndex(other => compare(row, other) < 0) ?? -1;
      if (before >= 0) {
        const between = before === 0 && at > 0 && this.#pages[at - 1]?.rows == null;
        page = between ? undefined : candidate;
        index = before;
        break;
      }
      if (at === this.#pages.length - 1 && this.#next === null && candidate.rows !== null) {
        page = candidate;
        index = candidate.rows.length;
      }
    }
    if (page?.rows == null) {
      return false;
    }
    page.rows = page.rows.toSpliced(index, 0, row);
    page.size = page.rows.length;
    this.#homes.set(row.id, page);
    this.#count += 1;
    return true;
  }

  /** Forgets rows far from what is seen. */
  trim(first: number, last: number): void {
    const margin = Math.max(PAGE, (KEPT - (last - first)) / 2);
    let start = 0;
    for (const page of this.#pages) {
      const far = start + page.size < first - margin || start > last + margin;
      if (far && start > 0) {
        this.#forget(page);
      }
      start += page.size;
    }
  }

  #known(): number {
    return this.#pages.reduce((sum, { size }) => sum + size, 0);
  }

  #forget(page: Page): void {
    for (const { id } of page.rows ?? []) {
      if (this.#homes.get(id) === page) {
        this.#homes.delete(id);
      }
    }
    page.rows = null;
  }
}
