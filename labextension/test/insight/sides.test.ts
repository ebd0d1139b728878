import { describe, expect, it } from 'vitest';
import {
  allMetrics,
  epochChoices,
  epochMetrics,
  firstSides,
  flatMetrics,
  matrixAt,
  metricPairs
} from '../../src/insight/model/sides';
import { checkpoint, snapshot } from '../snapshot';

const run = (id: string, best: number | null) =>
  snapshot({
    run: { ...snapshot().run, id },
    epochs: { epoch: [1, 2, 3, 4], val_loss: [0.9, null, 0.5, 0.6], train_loss: [1, 1, 1, 1] },
    best: best === null ? null : { metric: 'val_loss', mode: 'min', value: 0.5, epoch: best, step: 3 },
    checkpoints: [{ ...checkpoint(720, ['last']), epoch: 4 }]
  });
const candidate = (id: string, best: number | null) => ({
  id,
  label: id,
  client: { act: () => Promise.reject(new Error()), read: () => Promise.reject(new Error()) },
  snapshot: run(id, best)
});

describe('two sides', () => {
  it('are chosen among validated epochs, with what their checkpoints are kept as', () => {
    expect(epochChoices(run('A', 3))).toEqual([
      { epoch: 4, kinds: ['last'] },
      { epoch: 3, kinds: ['best'] },
      { epoch: 1, kinds: [] }
    ]);
  });

  it('are the first and the best epoch of one run, else the last', () => {
    const epochs = (best: number | null) => firstSides([candidate('A', best)])?.map(({ epoch }) => epoch);
    expect(epochs(3)).toEqual([1, 3]);
    expect(epochs(1)).toEqual([1, 4]);
    expect(epochs(null)).toEqual([1, 4]);
    expect(firstSides([{ ...candidate('A', 3), snapshot: snapshot({ epochs: {} }) }])).toBeNull();
    expect(firstSides([])).toBeNull();
  });

  it('are the best epochs of two runs', () => {
    expect(firstSides([candidate('A', 3), candidate('B', null)])).toEqual([
      { run: 'A', epoch: 3 },
      { run: 'B', epoch: 4 }
    ]);
  });
});

describe('the metrics of two sides', () => {
  it('are named by where they stand', () => {
    expect([...flatMetrics({ accuracy: 0.9, macro: { f1: 0.8 }, ece: null, list: [1] })]).toEqual([
      ['accuracy', 0.9],
      ['macro.f1', 0.8],
      ['ece', null]
    ]);
    expect(flatMetrics(undefined).size).toBe(0);
    expect([...epochMetrics(run('A', 3), 3)]).toEqual([['val_loss', 0.5]]);
  });

  it('are those of the history, and of the summary what the history lacks', () => {
    const history = new Map([['val_accuracy', 0.9]]);
    const overall = new Map([
      ['accuracy', 0.9],
      ['macro.f1', 0.8],
      ['micro.f1', 0.9],
      ['weighted.f1', 0.85]
    ]);
    expect([...allMetrics(history, overall).keys()]).toEqual(['val_accuracy', 'macro.f1']);
  });

  it('are better if larger, but errors if smaller', () => {
    const before = new Map([
      ['accuracy', 0.8],
      ['val_loss', 0.8],
      ['ece', 0.1],
      ['same', 1],
      ['gone', 1]
    ]);
    const after = new Map([
      ['accuracy', 0.9],
      ['val_loss', 0.9],
      ['ece', 0.05],
      ['same', 1]
    ]);
    expect(metricPairs(before, after).map(({ name, better }) => [name, better])).toEqual([
      ['accuracy', true],
      ['val_loss', false],
      ['ece', true],
      ['same', null],
      ['gone', null]
    ]);
  });
});

describe('the matrix of an epoch', () => {
  it('is read alone, and unpacked', async () => {
    const asked: unknown[] = [];
    const stream = new Blob([new Int32Array([5, 1, 0, 7])])
      .stream()
      .pipeThrough(new CompressionStream('deflate'));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const counts = btoa(String.fromCharCode(...bytes));
    const client = {
      act: () => Promise.reject(new Error()),
      read: async (what: string, args: object = {}) => {
        asked.push([what, args]);
        return { labels: ['a', 'b'], epochs: [7], size: 2, counts };
      }
    };
    expect(await matrixAt(client, 7)).toEqual({
      epoch: 7,
      labels: ['a', 'b'],
      matrix: [
        [5, 1],
        [0, 7]
      ]
    });
    expect(await matrixAt(client, 6)).toBeNull();
    expect(asked[0]).toEqual(['confusions', { after: 6, limit: 1 }]);
  });
});
