import type { Connection } from '../contract';
import { GROUPS, type Group, type RunRow, type Sort, type StudioClient } from '../studio/contract';
import { ORDER, countIn, eachGroup, groupOf } from './groups';
import { message } from './run-model';
import { compareBy } from './run-order';
import { RunPages, type Wanted } from './run-pages';

/** Typing rests for so long before the filter is asked for. */
const TYPING_MS = 250;
/** How soon, and how often at most, the top is looked at again after something changed. */
const REFRESH_MS = 1000;
const FILTERED_REFRESH_MS = 3000;
const FAILED_REFRESH_MS = 5000;

export interface ListView {
  /** `loading` until there is something to show; then what is shown stays until there is something newer. */
  phase: 'loading' | 'ready' | 'failed';
  /** Why nothing can be shown. */
  problem: string | null;
  filter: string;
  /** What is wrong with the filter. */
  filterProblem: string | null;
  sort: Sort;
  /** Whether what is shown belongs to another filter or order than the ones chosen. */
  behind: boolean;
  connection: Connection;
  counts: Record<Group, number>;
  /** The newest change of a run's state. */
  news: RunRow | null;
}

interface Query {
  filter: string;
  sort: Sort;
}

/**
 * The runs as a list shows them: four groups, each read page by page as far as somebody looks, kept up to
 * date by what the server tells. Values change in place; a row moves only when its run changes its group.
 */
export class RunList {
  view: ListView;
  readonly #client: StudioClient;
  readonly #listeners = new Set<() => void>();
  readonly #release: (() => void)[];
  #groups = newGroups();
  /** What the groups were read with; a newer choice has groups of its own. */
  #query: Query;
  /** Counts reloads: an answer to an earlier one is ignored. */
  #epoch = 0;
  #reload: ReturnType<typeof setTimeout> | undefined;
  #refresh: ReturnType<typeof setTimeout> | undefined;
  readonly #asking = new Set<string>();
  /** Whether something changed while the list was read. */
  #missed = false;
  /** Runs the filter has hidden, and how they were then. */
  readonly #hidden = new Map<string, string>();

  constructor(client: StudioClient, sort: Sort = 'newest') {
    this.#client = client;
    this.#query = { filter: '', sort };
    this.view = {
      phase: 'loading',
      problem: null,
      filter: '',
      filterProblem: null,
      sort,
      behind: false,
      connection: client.connection(),
      counts: this.#counts(),
      news: null
    };
    this.#release = [
      client.onRows((rows, gone) => this.#receive(rows, gone)),
      client.onConnection(connection => this.#reconnect(connection))
    ];
    void this.#load();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  row(group: Group, index: number): RunRow | null {
    return this.#groups[group].row(index);
  }

  /** A run's row, if it is in memory. */
  find(id: string): RunRow | null {
    return ORDER.map(group => this.#groups[group].find(id)).find(row => row !== null) ?? null;
  }

  /** Where a run stands, if it is in memory. */
  place(id: string): { group: Group; index: number } | null {
    const group = ORDER.find(name => this.#groups[name].find(id) !== null);
    return group === undefined ? null : { group, index: this.#groups[group].indexOf(id) };
  }

  /** Sees to it that rows `first` to `last` of a group are there, and that far ones are forgotten. */
  look(group: Group, first: number, last: number): void {
    const pages = this.#groups[group];
    pages.trim(first, last);
    const wanted = pages.wanted(first, last);
    if (wanted !== null && this.view.phase === 'ready' && !this.#asking.has(group)) {
      void this.#read(group, wanted, () => this.look(group, first, last));
    }
  }

  setFilter(filter: string): void {
    this.#change({ filter, behind: true });
    this.#loadIn(TYPING_MS);
  }

  setSort(sort: Sort): void {
    this.#change({ sort, behind: true });
    void this.#load();
  }

  retry(): void {
    this.#change({ phase: 'loading', problem: null });
    void this.#load();
  }

  close(): void {
    for (const release of this.#release) {
      release();
    }
    clearTimeout(this.#reload);
    clearTimeout(this.#refresh);
    this.#epoch += 1;
    // What is still on its way belongs to groups that nobody sees.
    this.#groups = newGroups();
    this.#listeners.clear();
  }

  #loadIn(ms: number): void {
    clearTimeout(this.#reload);
    this.#reload = setTimeout(() => void this.#load(), ms);
  }

  /** Reads the list anew, and shows it when all its groups are there. */
  async #load(): Promise<void> {
    clearTimeout(this.#reload);
    this.#epoch += 1;
    const epoch = this.#epoch;
    this.#missed = false;
    const groups = newGroups();
    const { filter, sort } = this.view;
    const query = { filter: filter.trim(), sort };
    try {
      await Promise.all(ORDER.map(group => this.#fetch(group, groups[group].top(), groups[group], query)));
    } catch (error) {
      if (epoch === this.#epoch) {
        this.#refuse(message(error), query);
      }
      return;
    }
    if (epoch === this.#epoch) {
      this.#groups = groups;
      this.#query = query;
      this.#hidden.clear();
      this.#asking.clear();
      this.#change({ phase: 'ready', problem: null, filterProblem: null, behind: false });
      if (this.#missed) {
        this.#refreshSoon(REFRESH_MS);
      }
    }
  }

  #refuse(text: string, { filter }: Query): void {
    if (filter !== '' && this.#client.connection() === 'connected') {
      this.#change({ filterProblem: text });
    } else if (this.view.phase === 'ready') {
      // What is shown stays, the connection says why.
      this.#loadIn(FAILED_REFRESH_MS);
    } else {
      this.#change({ phase: 'failed', problem: text });
    }
  }

  /** Reads one page into what is shown. */
  async #read(group: Group, wanted: Wanted, then: () => void): Promise<void> {
    const groups = this.#groups;
    this.#asking.add(group);
    try {
      await this.#fetch(group, wanted, groups[group], this.#query);
    } catch {
      // What is shown stays, the connection says why, and in a while the server is asked again.
      if (groups === this.#groups) {
        this.#refreshSoon(FAILED_REFRESH_MS);
      }
      return;
    }
    if (groups === this.#groups) {
      this.#asking.delete(group);
      this.#change({});
      then();
    }
  }

  async #fetch(group: Group, wanted: Wanted, pages: RunPages, { filter, sort }: Query): Promise<void> {
    const states = GROUPS[group];
    const page = await this.#client.page({
      states,
      sort,
      limit: wanted.limit,
      cursor: wanted.cursor,
      ...(filter === '' ? {} : { filter })
    });
    pages.put(wanted, page, countIn(page, group));
  }

  #receive(rows: RunRow[], gone: string[]): void {
    this.#missed = true;
    if (this.view.phase !== 'ready') {
      return;
    }
    for (const id of gone) {
      if (!ORDER.some(group => this.#groups[group].remove(id))) {
        // It stood among rows that aren't in memory, or the filter hides it.
        this.#refreshSoon(REFRESH_MS);
      }
    }
    let news = this.view.news;
    for (const row of rows) {
      const old = this.find(row.id);
      if (old !== null && old.state !== row.state) {
        news = row;
      }
      this.#take(row, old);
    }
    this.#change({ news });
  }

  #take(row: RunRow, old: RunRow | null): void {
    const home = groupOf(row);
    if (old !== null && groupOf(old) === home) {
      this.#groups[home].replace(row);
      return;
    }
    const { filter, sort } = this.#query;
    const filtered = filter !== '';
    if (old !== null) {
      this.#groups[groupOf(old)].remove(row.id);
    } else if (filtered && !this.#mayMatchNow(row)) {
      return;
    }
    if (old !== null || !filtered) {
      this.#groups[home].insert(row, compareBy(sort));
    }
    this.#refreshSoon(filtered ? FILTERED_REFRESH_MS : REFRESH_MS);
  }

  /** Whether a run the filter has hidden has changed so that only the server knows whether it still does. */
  #mayMatchNow(row: RunRow): boolean {
    const now = `${row.state} ${row.best} ${row.name}`;
    const changed = this.#hidden.get(row.id) !== now;
    this.#hidden.set(row.id, now);
    return changed;
  }

  #refreshSoon(ms: number): void {
    this.#refresh ??= setTimeout(() => this.#refreshNow(), ms);
  }

  #refreshNow(): void {
    clearTimeout(this.#refresh);
    this.#refresh = undefined;
    this.#asking.clear();
    for (const group of ORDER) {
      void this.#read(group, this.#groups[group].top(), () => undefined);
    }
  }

  /** After each break something may have changed unseen. */
  #reconnect(connection: Connection): void {
    this.#missed = true;
    if (connection === 'connected' && this.view.phase === 'ready') {
      for (const group of ORDER) {
        this.#groups[group].age();
      }
      this.#refreshNow();
      if (this.view.behind) {
        this.#loadIn(0);
      }
    } else if (connection === 'connected' && this.view.phase === 'failed') {
      this.retry();
    }
    this.#change({ connection });
  }

  #counts(): Record<Group, number> {
    return eachGroup(group => this.#groups[group].count);
  }

  #change(part: Partial<ListView>): void {
    this.view = { ...this.view, ...part, counts: this.#counts() };
    for (const listener of this.#listeners) {
      listener();
    }
  }
}

function newGroups(): Record<Group, RunPages> {
  return eachGroup(() => new RunPages());
}
