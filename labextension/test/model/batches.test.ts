import { describe, expect, it } from 'vitest';
import { LARGEST_FILE, LARGEST_REQUEST, MOST_FILES, base64, batches } from '../../src/model/batches';

const file = (size: number, name = 'a.png') => ({ name, size });

describe('files on their way', () => {
  it('go in requests that the server takes, in their order', () => {
    const files = Array.from({ length: 40 }, (_, i) => file(700_000, `${i}.png`));
    const found = batches(files);
    expect(found.tooLarge).toEqual([]);
    expect(found.batches.flat()).toEqual(files);
    for (const batch of found.batches) {
      const body = JSON.stringify({
        checkpoint: 'best',
        top: 5,
        heatmaps: true,
        files: batch.map(({ name, size }) => ({ name, data: 'A'.repeat(4 * Math.ceil(size / 3)) }))
      });
      expect(body.length).toBeLessThanOrEqual(LARGEST_REQUEST);
    }
    expect(found.batches.length).toBe(5);
  });

  it('go a few at a time even if they are small', () => {
    const sizes = batches(Array.from({ length: 2 * MOST_FILES + 1 }, () => file(10))).batches.map(
      b => b.length
    );
    expect(sizes).toEqual([MOST_FILES, MOST_FILES, 1]);
  });

  it('are told apart if they fit into no request', () => {
    const large = file(LARGEST_FILE + 2000);
    expect(batches([large, file(LARGEST_FILE)])).toEqual({
      batches: [[file(LARGEST_FILE)]],
      tooLarge: [large]
    });
  });

  it('are written as base64, however long', () => {
    const bytes = Uint8Array.from({ length: 100_001 }, (_, i) => (i * 31) % 256);
    expect(atob(base64(bytes)).length).toBe(bytes.length);
    expect(base64(new Uint8Array([255, 0, 1]))).toBe('/wAB');
  });
});
