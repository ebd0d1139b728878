import { describe, expect, it, vi } from 'vitest';
import type { InsightClient } from '../../src/insight/contract';
import { ExampleList, type Wanted } from '../../src/insight/model/example-list';

type Ask = (what: string, args: Record<string, unknown>) => Promise<unknown>;

function answer(total: number) {
  return (_what: string, args: Record<string, unknown>) => {
    const [offset, count] = [Number(args.offset), Number(args.count)];
    const items = Array.from({ length: Math.max(0, Math.min(count, total - offset)) }, (_, i) => ({
      index: offset + i
    }));
    return Promise.resolve({
      epoch: 1,
      task: 'classification',
      labels: [],
      total,
      kept: total,
      count_of_set: total,
      items
    });
  };
}

function listed(ask: Ask, page = 10) {
  const read = vi.fn(ask);
  return { read, list: new ExampleList({ read, act: vi.fn() } as unknown as InsightClient, page) };
}

const wanted: Wanted = { epoch: 1, correct: false, truth: 2, predicted: null, sort: '-loss' };
const settled = () => new Promise(resolve => setTimeout(resolve));

describe('a list of examples', () => {
  it('says what is wanted, once, and reads on page by page to the end', async () => {
    const { read, list } = listed(answer(25));
    list.ask(wanted);
    list.ask({ ...wanted });
    await settled();
    expect(read.mock.calls).toEqual([['examples', { ...wanted, offset: 0, count: 10 }]]);
    list.more();
    // A second call while the page is on its way asks for nothing.
    list.more();
    await settled();
    list.more();
    await settled();
    expect(list.items.map(({ index }) => index)).toEqual(Array.from({ length: 25 }, (_, i) => i));
    expect(list.complete).toBe(true);
    list.more();
    expect(read).toHaveBeenCalledTimes(3);
  });

  it('keeps what it shows until another answer is there, and shows only the newest', async () => {
    const late: ((value: unknown) => void)[] = [];
    const { list } = listed(() => new Promise(resolve => late.push(resolve)));
    const page = await answer(3)('examples', { offset: 0, count: 10 });
    list.ask(wanted);
    late[0]?.(page);
    await settled();
    list.ask({ ...wanted, epoch: 2 });
    list.ask({ ...wanted, epoch: 3 });
    expect(list.items).toHaveLength(3);
    expect(list.busy).toBe(true);
    late[2]?.({ ...page, items: [{ index: 33 }] });
    await settled();
    late[1]?.({ ...page, items: [{ index: 22 }] });
    await settled();
    expect(list.items.map(({ index }) => index)).toEqual([33]);
    expect(list.busy).toBe(false);
    expect(list.answered).toBe(2);
  });

  it('keeps what was read when the next page fails, and tries that page again', async () => {
    const { read, list } = listed(answer(25));
    list.ask(wanted);
    await settled();
    read.mockRejectedValueOnce(new Error('Nobody answers.'));
    list.more();
    await settled();
    expect(list.error).toBe('Nobody answers.');
    expect(list.items).toHaveLength(10);
    list.more();
    expect(read).toHaveBeenCalledTimes(2);
    list.again();
    await settled();
    expect(list.error).toBeNull();
    expect(list.items).toHaveLength(20);
  });

  it('begins anew with another question that could not be asked at first', async () => {
    const { read, list } = listed(answer(25));
    list.ask(wanted);
    await settled();
    read.mockRejectedValueOnce(new Error('Nobody answers.'));
    list.ask({ ...wanted, epoch: 2 });
    await settled();
    list.again();
    await settled();
    expect(read.mock.calls.at(-1)).toEqual(['examples', { ...wanted, epoch: 2, offset: 0, count: 10 }]);
    expect(list.items.map(({ index }) => index)).toEqual(Array.from({ length: 10 }, (_, i) => i));
  });

  it('ends where nothing more comes, whatever was promised', async () => {
    const { read, list } = listed(async (what, args) => ({ ...(await answer(12)(what, args)), total: 99 }));
    list.ask(wanted);
    await settled();
    list.more();
    await settled();
    list.more();
    await settled();
    expect(list.complete).toBe(true);
    expect(read).toHaveBeenCalledTimes(3);
  });
});
