import { describe, expect, it } from 'vitest';
import { compareBy } from '../../src/model/run-order';
import { PAGE, RunPages, type Wanted } from '../../src/model/run-pages';
import type { RunRow } from '../../src/studio/contract';
import { row } from '../rows';

const newest = compareBy('newest');

/** A store of runs numbered down from `total`, that pages as the server does. */
function store(total: number) {
  const rows = Array.from({ length: total }, (_, i) => row(total - i));
  const pages = new RunPages();
  const read = (wanted: Wanted) => {
    const below = wanted.cursor === null ? Number.POSITIVE_INFINITY : Number(wanted.cursor);
    const found = rows.filter(({ number }) => number < below);
    const runs = found.slice(0, wanted.limit);
    const next = found.length > wanted.limit ? String(runs.at(-1)?.number) : null;
    pages.put(wanted, { runs, next, counts: {} }, rows.length);
  };
  /** Reads until the rows are there, and says how many requests that took. */
  const look = (first: number, last: number) => {
    pages.trim(first, last);
    let requests = 0;
    for (let wanted = pages.wanted(first, last); wanted !== null; wanted = pages.wanted(first, last)) {
      read(wanted);
      pages.trim(first, last);
      requests += 1;
    }
    return requests;
  };
  const numbers = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, i) => pages.row(first + i)?.number ?? null);
  return { rows, pages, read, look, numbers };
}

describe('pages of a group', () => {
  it('knows how many there are from the first page', () => {
    const { pages, look, numbers } = store(10_000);
    expect(look(0, 12)).toBe(1);
    expect(pages.count).toBe(10_000);
    expect(pages.loaded).toBe(PAGE);
    expect(numbers(0, 2)).toEqual([10_000, 9999, 9998]);
    expect(pages.row(PAGE)).toBeNull();
  });

  it('reads on as one scrolls, and never the same twice', () => {
    const { look, numbers } = store(200);
    look(0, 12);
    expect(look(10, 40)).toBe(0);
    expect(look(45, 60)).toBe(1);
    expect(numbers(45, 60)).toEqual(Array.from({ length: 16 }, (_, i) => 155 - i));
  });

  it('reaches the far end in few requests and keeps memory bounded all the way', () => {
    const { pages, look, numbers } = store(10_000);
    look(0, 12);
    expect(look(9980, 9999)).toBeLessThan(30);
    expect(numbers(9997, 9999)).toEqual([3, 2, 1]);
    expect(pages.loaded).toBeLessThanOrEqual(2500);
    for (let first = 0; first < 10_000; first += 400) {
      look(first, first + 20);
      expect(pages.loaded).toBeLessThanOrEqual(2500);
      expect(numbers(first, first)).toEqual([10_000 - first]);
    }
  });

  it('reads what it has forgotten again', () => {
    const { look, numbers } = store(5000);
    look(0, 12);
    look(4000, 4020);
    expect(numbers(100, 100)).toEqual([null]);
    expect(look(100, 120)).toBe(1);
    expect(numbers(100, 101)).toEqual([4900, 4899]);
  });

  it('changes a row in place', () => {
    const { pages, look, numbers } = store(60);
    look(0, 20);
    const changed: RunRow = { ...row(58), best: 0.99 };
    pages.replace(changed);
    expect(pages.row(2)).toBe(changed);
    expect(pages.find('R58')).toBe(changed);
    expect(numbers(0, 3)).toEqual([60, 59, 58, 57]);
  });

  it('puts a run in its place and takes it out', () => {
    const { pages, look, numbers } = store(60);
    look(0, 59);
    pages.remove('R58');
    expect(pages.count).toBe(59);
    expect(pages.indexOf('R57')).toBe(2);
    expect(pages.insert(row(58), newest)).toBe(true);
    expect(numbers(0, 3)).toEqual([60, 59, 58, 57]);
    expect(pages.insert(row(61), newest)).toBe(true);
    expect(pages.insert(row(0), newest)).toBe(true);
    expect(pages.count).toBe(62);
    expect(pages.indexOf('R0')).toBe(61);
  });

  it('doesn’t guess a place among rows it doesn’t have', () => {
    const { pages, look } = store(200);
    look(0, 12);
    expect(pages.insert(row(100.5), newest)).toBe(false);
    expect(pages.count).toBe(200);
  });

  it('reads on after runs were added and deleted elsewhere', () => {
    const { rows, pages, read, look, numbers } = store(200);
    look(0, 90);
    rows.splice(0, 0, row(201));
    rows.splice(5, 1);
    read(pages.top());
    expect(look(0, 199)).toBeGreaterThan(0);
    expect(numbers(0, 5)).toEqual([201, 200, 199, 198, 197, 195]);
    const all = numbers(0, 199);
    expect(new Set(all).size).toBe(200);
    expect(pages.count).toBe(200);
  });

  it('ignores a page that belongs to a chain that was broken', () => {
    const { pages, look, numbers } = store(200);
    look(0, 60);
    const late = pages.wanted(100, 110);
    pages.put(pages.top(), { runs: [row(7)], next: null, counts: {} }, 1);
    pages.put(late as Wanted, { runs: [row(100)], next: '100', counts: {} }, 200);
    expect(pages.count).toBe(1);
    expect(numbers(0, 1)).toEqual([7, null]);
  });

  it('takes a page without rows for the last', () => {
    const { pages, look } = store(60);
    look(0, 12);
    pages.put(pages.wanted(50, 59) as Wanted, { runs: [], next: '3', counts: {} }, 60);
    expect(pages.wanted(50, 59)).toBeNull();
    expect(pages.count).toBe(PAGE);
  });

  it('shows old rows until newer ones have come', () => {
    const { pages, look, numbers } = store(80);
    look(0, 70);
    pages.age();
    expect(numbers(0, 0)).toEqual([80]);
    expect(look(0, 70)).toBe(2);
    expect(look(0, 70)).toBe(0);
  });
});
