import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RunList } from '../../src/model/run-list';
import type { RunsPage } from '../../src/studio/contract';
import { TestStudio, row } from '../rows';

let studio: TestStudio;
let list: RunList;

async function open(rows = MANY): Promise<void> {
  studio = new TestStudio([...rows]);
  list = new RunList(studio);
  await settle();
}

const MANY = [
  row(9, 'running'),
  row(8, 'running'),
  row(7, 'paused'),
  ...Array.from({ length: 6 }, (_, i) => row(6 - i))
];

/** Lets answers arrive. */
const settle = () => vi.advanceTimersByTimeAsync(0);
const numbers = (group: 'running' | 'paused' | 'finished' | 'failed') =>
  Array.from({ length: list.view.counts[group] }, (_, i) => list.row(group, i)?.number);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  list.close();
  vi.useRealTimers();
});

describe('reading', () => {
  it('asks each group for its first page, in parallel', async () => {
    await open();
    expect(studio.queries.map(({ states }) => states)).toEqual([
      ['pending', 'running'],
      ['paused', 'suspended'],
      ['completed', 'stopped'],
      ['failed', 'lost']
    ]);
    expect(list.view).toMatchObject({
      phase: 'ready',
      counts: { running: 2, paused: 1, finished: 6, failed: 0 }
    });
    expect(numbers('finished')).toEqual([6, 5, 4, 3, 2, 1]);
  });

  it('reads a page when somebody looks there', async () => {
    await open(Array.from({ length: 400 }, (_, i) => row(i + 1)));
    expect(list.row('finished', 300)).toBeNull();
    list.look('finished', 295, 310);
    await settle();
    expect(list.row('finished', 300)?.number).toBe(100);
  });

  it('says why nothing can be shown, and tries again', async () => {
    studio = new TestStudio(MANY);
    studio.answer = () => Promise.reject(new Error('The store is newer than this version.'));
    list = new RunList(studio);
    await settle();
    expect(list.view).toMatchObject({ phase: 'failed', problem: 'The store is newer than this version.' });
    studio.answer = null;
    list.retry();
    expect(list.view.phase).toBe('loading');
    await settle();
    expect(list.view.phase).toBe('ready');
  });
});

describe('the filter', () => {
  it('is asked for when typing rests, and the list stays until the answer is there', async () => {
    await open();
    studio.queries.length = 0;
    list.setFilter('digits-');
    list.setFilter('digits-3');
    expect(list.view).toMatchObject({ filter: 'digits-3', behind: true });
    await vi.advanceTimersByTimeAsync(200);
    expect(studio.queries).toEqual([]);
    expect(numbers('finished')).toHaveLength(6);
    await vi.advanceTimersByTimeAsync(100);
    expect(studio.queries.map(({ filter }) => filter)).toEqual(Array(4).fill('digits-3'));
    expect(list.view).toMatchObject({ behind: false, counts: { running: 0, finished: 1 } });
  });

  it('shows what is wrong with it, and keeps the list', async () => {
    await open();
    studio.answer = () => Promise.reject(new Error('Expected a number after "val_loss<".'));
    list.setFilter('val_loss<');
    await vi.advanceTimersByTimeAsync(300);
    expect(list.view).toMatchObject({
      phase: 'ready',
      filterProblem: 'Expected a number after "val_loss<".'
    });
    expect(numbers('finished')).toHaveLength(6);
    studio.answer = null;
    list.setFilter('');
    await vi.advanceTimersByTimeAsync(300);
    expect(list.view).toMatchObject({ filterProblem: null, behind: false });
  });

  it('isn’t blamed for a server that is away', async () => {
    await open();
    studio.become('disconnected');
    studio.answer = () => Promise.reject(new Error('The server doesn’t answer.'));
    list.setFilter('x');
    await vi.advanceTimersByTimeAsync(300);
    expect(list.view).toMatchObject({ phase: 'ready', filterProblem: null, behind: true });
    studio.answer = null;
    studio.become('connected');
    await settle();
    expect(list.view).toMatchObject({ behind: false, counts: { finished: 0 } });
  });

  it('that is wrong leaves the list as it was, and fresh', async () => {
    await open(Array.from({ length: 120 }, (_, i) => row(i + 1)));
    studio.answer = query =>
      query.filter === 'val_loss<'
        ? Promise.reject(new Error('Expected a number.'))
        : Promise.resolve(studio.read(query));
    list.look('finished', 50, 60);
    list.setFilter('val_loss<');
    await vi.advanceTimersByTimeAsync(300);
    list.look('finished', 110, 119);
    studio.tell([row(121, 'running')]);
    await vi.advanceTimersByTimeAsync(1100);
    expect(numbers('running')).toEqual([121]);
    expect(list.row('finished', 115)?.number).toBe(5);
    studio.queries.length = 0;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(studio.queries).toEqual([]);
  });

  it('ignores an answer that comes after a later question', async () => {
    await open();
    const slow = studio.read.bind(studio);
    studio.answer = query =>
      new Promise<RunsPage>(resolve =>
        setTimeout(() => resolve(slow(query)), query.filter === 'digits-3' ? 5000 : 10)
      );
    list.setFilter('digits-3');
    await vi.advanceTimersByTimeAsync(300);
    list.setFilter('digits-4');
    await vi.advanceTimersByTimeAsync(6000);
    expect(numbers('finished')).toEqual([4]);
  });

  it('asks the server whether a changed run fits', async () => {
    await open();
    list.setFilter('digits-3');
    await vi.advanceTimersByTimeAsync(300);
    studio.queries.length = 0;
    studio.tell([row(8, 'running', { name: 'digits-3-again' })]);
    expect(list.find('R8')).toBeNull();
    await vi.advanceTimersByTimeAsync(3500);
    expect(list.find('R8')?.name).toBe('digits-3-again');
    expect(studio.queries).toHaveLength(4);
    // It didn't change in a way the filter might care for: nobody is asked.
    studio.tell([row(9, 'running', { step: 5 })]);
    await vi.advanceTimersByTimeAsync(3500);
    studio.queries.length = 0;
    studio.tell([row(9, 'running', { step: 6 })]);
    await vi.advanceTimersByTimeAsync(3500);
    expect(studio.queries).toEqual([]);
  });
});

describe('changes', () => {
  it('change a row in place, whatever else they change', async () => {
    await open();
    studio.queries.length = 0;
    studio.tell([row(8, 'running', { best: 0.999 }), row(9, 'running', { step: 2000 })]);
    expect(numbers('running')).toEqual([9, 8]);
    expect(list.row('running', 1)?.best).toBe(0.999);
    await vi.advanceTimersByTimeAsync(2000);
    expect(studio.queries).toEqual([]);
  });

  it('move a run whose state has changed to its group, in its place', async () => {
    await open();
    studio.tell([row(3, 'running')]);
    expect(numbers('running')).toEqual([9, 8, 3]);
    expect(numbers('finished')).toEqual([6, 5, 4, 2, 1]);
    expect(list.view.news?.name).toBe('digits-3');
    await vi.advanceTimersByTimeAsync(2000);
    expect(numbers('running')).toEqual([9, 8, 3]);
  });

  it('show a run first where only the server knows its place', async () => {
    await open();
    list.setSort('name');
    await settle();
    studio.tell([row(3, 'running')]);
    expect(numbers('running')).toEqual([3, 9, 8]);
    await vi.advanceTimersByTimeAsync(1100);
    expect(numbers('running')).toEqual([9, 8, 3]);
  });

  it('show a new run at once', async () => {
    await open();
    studio.tell([row(10, 'pending')]);
    expect(numbers('running')).toEqual([10, 9, 8]);
    expect(list.place('R10')).toEqual({ group: 'running', index: 0 });
  });

  it('take a deleted run away', async () => {
    await open();
    studio.tell([], ['R5']);
    expect(numbers('finished')).toEqual([6, 4, 3, 2, 1]);
    expect(list.place('R5')).toBeNull();
  });

  it('of runs beyond what was read mend the counts', async () => {
    await open(Array.from({ length: 400 }, (_, i) => row(i + 1)));
    studio.tell([], ['R2']);
    await vi.advanceTimersByTimeAsync(1100);
    expect(list.view.counts.finished).toBe(399);
  });

  it('that came while the list was read aren’t lost', async () => {
    studio = new TestStudio([row(1)]);
    const late = studio.read({ states: ['completed'] });
    studio.answer = () => new Promise(resolve => setTimeout(() => resolve(late), 100));
    list = new RunList(studio);
    studio.answer = null;
    studio.tell([row(2)]);
    await vi.advanceTimersByTimeAsync(1200);
    expect(numbers('finished')).toEqual([2, 1]);
  });
});

describe('breaks', () => {
  it('are made up for when the server is back', async () => {
    await open();
    studio.become('disconnected');
    expect(list.view.connection).toBe('disconnected');
    studio.rows = [
      ...studio.rows.filter(({ number }) => number !== 4),
      row(10, 'failed'),
      row(8, 'completed')
    ];
    studio.rows = studio.rows.filter(other => other.number !== 8 || other.state === 'completed');
    studio.become('connected');
    await settle();
    expect(numbers('running')).toEqual([9]);
    expect(numbers('finished')).toEqual([8, 6, 5, 3, 2, 1]);
    expect(numbers('failed')).toEqual([10]);
  });

  it('leave nothing behind when the list is closed', async () => {
    await open();
    studio.tell([row(20, 'running')]);
    list.close();
    expect(studio.listeners.size + studio.connections.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('in the middle of a page leave nothing behind either', async () => {
    await open(Array.from({ length: 400 }, (_, i) => row(i + 1)));
    studio.answer = () => Promise.reject(new Error('The server doesn’t answer.'));
    list.look('finished', 295, 310);
    list.close();
    await settle();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the order', () => {
  it('is asked for again when that failed', async () => {
    await open();
    studio.answer = () => Promise.reject(new Error('Busy.'));
    list.setSort('name');
    await settle();
    expect(list.view).toMatchObject({ phase: 'ready', behind: true });
    studio.answer = null;
    await vi.advanceTimersByTimeAsync(5000);
    expect(list.view.behind).toBe(false);
    expect(studio.queries.at(-1)?.sort).toBe('name');
  });
});
