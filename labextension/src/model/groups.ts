import { GROUPS, type Group, type RunRow, type RunsPage } from '../studio/contract';

/** The groups as the list shows them, from the top. */
export const ORDER = Object.keys(GROUPS) as Group[];

/** The group a run belongs to. */
export function groupOf({ state }: Pick<RunRow, 'state'>): Group {
  return ORDER.find(group => GROUPS[group].includes(state)) ?? 'failed';
}

/** How many runs a page says there are in a group, on all pages. */
export function countIn(page: RunsPage, group: Group): number {
  return GROUPS[group].reduce((sum, state) => sum + (page.counts[state] ?? 0), 0);
}

/** Something for each group. */
export function eachGroup<T>(make: (group: Group) => T): Record<Group, T> {
  return Object.fromEntries(ORDER.map(group => [group, make(group)])) as Record<Group, T>;
}
