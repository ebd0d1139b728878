import { deflateSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { PackedMatrices } from '../../src/insight/model/answers';
import { Matrices, unpacked } from '../../src/insight/model/matrices';

function packed(epochs: number[], size: number, value: (epoch: number) => number): PackedMatrices {
  const counts = Int32Array.from(
    epochs.flatMap(epoch => Array.from({ length: size * size }, (_, i) => value(epoch) + i))
  );
  const bytes = deflateSync(new Uint8Array(counts.buffer));
  return { labels: [], epochs, size, counts: bytes.toString('base64') };
}

/** A run with some epochs, answered like the server does. */
function served(epochs: number[], size: number, limits?: { chunk: number; kept: number }) {
  const ask = vi.fn((after: number, limit: number) =>
    Promise.resolve(
      packed(epochs.filter(epoch => epoch > after).slice(0, limit), size, epoch => 1000 * epoch)
    )
  );
  const told = vi.fn();
  const matrices = new Matrices(ask, told, limits);
  matrices.about(epochs, size);
  return { ask, told, matrices };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('packed matrices', () => {
  it('are unpacked epoch by epoch, row by row', async () => {
    const found = await unpacked(packed([3, 7], 2, epoch => 10 * epoch));
    expect([...(found.get(3) ?? [])]).toEqual([30, 31, 32, 33]);
    expect([...(found.get(7) ?? [])]).toEqual([70, 71, 72, 73]);
  });

  it('of fewer classes than there are now are filled up', async () => {
    const found = await unpacked(
      packed([1], 2, () => 5),
      3
    );
    expect([...(found.get(1) ?? [])]).toEqual([5, 6, 0, 7, 8, 0, 0, 0, 0]);
  });

  it('that are cut off are refused in a sentence', async () => {
    const answer = { ...packed([1], 2, () => 5), epochs: [1, 2] };
    await expect(unpacked(answer)).rejects.toThrow(
      'Expected 2 confusion matrices of 2 classes, got 4 counts'
    );
  });

  it('may be none', async () => {
    expect(await unpacked({ labels: [], epochs: [], size: 0, counts: '' })).toEqual(new Map());
  });
});

describe('the cache of a slider', () => {
  it('fetches the wanted chunk first, then its neighbours, each once', async () => {
    const { ask, matrices } = served(range(1, 200), 4);
    matrices.want(120);
    await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(4));
    expect(ask.mock.calls).toEqual([
      [100, 50],
      [50, 50],
      [150, 50],
      [0, 50]
    ]);
    await vi.waitFor(() => expect(matrices.at(1)?.[0]).toBe(1000));
    matrices.want(60);
    expect(matrices.at(60)?.[3]).toBe(60_003);
    expect(ask).toHaveBeenCalledTimes(4);
  });

  it.each([
    [40, 10],
    [100, 1]
  ])('of %i classes asks for as many as fit into a chunk: %i', async (size, fitting) => {
    const { ask, matrices } = served(range(1, 20), size, { chunk: 64_000, kept: 1_000_000 });
    matrices.want(1);
    await vi.waitFor(() => expect(matrices.at(1)).toBeDefined());
    expect(ask.mock.calls[0]).toEqual([0, fitting]);
  });

  it('keeps no more than there is room for', async () => {
    const epochs = range(1, 40);
    const { ask, matrices } = served(epochs, 10, { chunk: 400, kept: 9600 });
    matrices.want(20);
    await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(24));
    await vi.waitFor(() => expect(epochs.filter(epoch => matrices.at(epoch) !== undefined)).toHaveLength(24));
    matrices.want(40);
    await vi.waitFor(() => expect(matrices.at(40)).toBeDefined());
    expect(epochs.filter(epoch => matrices.at(epoch) !== undefined)).toHaveLength(24);
    expect(ask).toHaveBeenCalledTimes(25);
  });

  it('fetches the last chunk again when it has grown', async () => {
    const epochs = range(1, 3);
    const { ask, matrices } = served(epochs, 2);
    matrices.want(3);
    await vi.waitFor(() => expect(matrices.at(3)).toBeDefined());
    epochs.push(4);
    matrices.about([...epochs], 2);
    matrices.want(4);
    await vi.waitFor(() => expect(matrices.at(4)?.[0]).toBe(4000));
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('forgets everything when an epoch is another one', async () => {
    const { matrices } = served(range(1, 3), 2);
    matrices.want(3);
    await vi.waitFor(() => expect(matrices.at(3)).toBeDefined());
    matrices.about([1, 2, 4], 2);
    expect(matrices.at(1)).toBeUndefined();
  });

  it('says why an epoch isn’t there, and asks again when it is wanted again', async () => {
    const { ask, matrices } = served(range(1, 2), 2);
    ask.mockRejectedValueOnce(new Error('The server stopped.'));
    matrices.want(1);
    await vi.waitFor(() => expect(matrices.error(1)?.message).toBe('The server stopped.'));
    matrices.want(1);
    await vi.waitFor(() => expect(matrices.at(1)).toBeDefined());
    expect(matrices.error(1)).toBeUndefined();
  });

  it('knows an epoch that has no matrix', async () => {
    const { ask, matrices } = served(range(1, 3), 2);
    ask.mockImplementation(() => Promise.resolve(packed([1, 3], 2, () => 0)));
    matrices.want(2);
    await vi.waitFor(() => expect(matrices.lacks(2)).toBe(true));
    expect(matrices.lacks(3)).toBe(false);
    expect(ask).toHaveBeenCalledTimes(1);
  });
});
