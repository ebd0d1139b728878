import { describe, expect, it } from 'vitest';
import { LARGEST_FILE } from '../../src/model/batches';
import { Asking, type AskingWords } from '../../src/insight/model/asking';
import { UNKNOWN, kindOfTried, waysFor } from '../../src/insight/model/input-kind';
import type { Prediction } from '../../src/model/prediction';

const words: AskingWords = {
  input: number => `input ${number}`,
  tooLarge: (name, bytes) => `${name} has ${bytes} bytes`,
  unreadable: name => `${name} can’t be read`
};
const wanted = { checkpoint: 'best' as const, heatmaps: false };
const file = (name: string, text = 'x') => new File([text], name);

function answer(names: string[], changes: Partial<Prediction> = {}): Prediction {
  return {
    task: 'classification',
    predictions: names.map(() => 3),
    labels: ['0', '1', '2', '3'],
    checkpoint: { step: 90, epoch: 1 },
    digest: 'abcdef0123',
    latency_ms: 2,
    top: names.map(() => [{ class: 3, label: '3', confidence: 0.9 }]),
    names,
    notes: ['made grey'],
    ...changes
  };
}

interface Asked {
  files?: { name: string; data: string }[];
  text?: string;
  heatmaps: boolean;
  checkpoint: string | number;
}

/** A model that can't read files with these names. */
function asking(bad: string[] = []) {
  const asked: Asked[] = [];
  const client = {
    act: async (_verb: string, args: Record<string, unknown> = {}) => {
      const request = args as unknown as Asked;
      asked.push(request);
      const names = (request.files ?? []).map(({ name }) => name);
      const wrong = names.find(name => bad.includes(name));
      if (wrong !== undefined) {
        throw new Error(`${wrong}: expected a picture.`);
      }
      return answer(request.files === undefined ? ['text'] : names);
    },
    read: () => Promise.reject(new Error('Nothing is read here.'))
  };
  return { asking: new Asking(client), asked };
}

describe('asking a checkpoint', () => {
  it('sends files as base64, with the checkpoint, and tells each by its name', async () => {
    const { asking: it, asked } = asking();
    await it.ask(
      { kind: 'files', files: [file('a.png', 'hello'), file('b.png')] },
      { ...wanted, checkpoint: 90 },
      words
    );
    expect(asked).toEqual([
      {
        files: [
          { name: 'a.png', data: btoa('hello') },
          { name: 'b.png', data: btoa('x') }
        ],
        checkpoint: 90,
        heatmaps: false,
        top: 5
      }
    ]);
    expect(it.outcomes.map(({ name, prediction, error }) => [name, prediction, error])).toEqual([
      ['a.png', '3', null],
      ['b.png', '3', null]
    ]);
    expect([it.busy, it.done, it.all, it.latency]).toEqual([false, 2, 2, 2]);
  });

  it('lets one bad file hide no good one', async () => {
    const { asking: it, asked } = asking(['bad.txt']);
    await it.ask({ kind: 'files', files: [file('a.png'), file('bad.txt'), file('c.png')] }, wanted, words);
    expect(asked).toHaveLength(4);
    expect(it.outcomes.map(({ name, error }) => [name, error])).toEqual([
      ['a.png', null],
      ['bad.txt', 'bad.txt: expected a picture.'],
      ['c.png', null]
    ]);
    expect(it.notes).toEqual(['made grey']);
    expect(it.error).toBeNull();
  });

  it('refuses what no request can carry without sending it', async () => {
    const { asking: it, asked } = asking();
    const large = Object.defineProperty(file('large.tif'), 'size', { value: LARGEST_FILE + 10_000 });
    await it.ask({ kind: 'files', files: [large] }, wanted, words);
    expect(asked).toEqual([]);
    expect(it.outcomes[0]?.error).toBe(`large.tif has ${LARGEST_FILE + 10_000} bytes`);
    expect(it.busy).toBe(false);
  });

  it('tells a file that is gone by now', async () => {
    const { asking: it } = asking();
    const gone = Object.assign(file('gone.png'), {
      arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotFoundError'))
    });
    await it.ask({ kind: 'files', files: [gone, file('a.png')] }, wanted, words);
    expect(it.outcomes.map(({ error }) => error)).toEqual(['gone.png can’t be read', null]);
  });

  it('shows only what was asked last', async () => {
    let resolve: (found: Prediction) => void = () => undefined;
    const promise = new Promise<Prediction>(done => {
      resolve = done;
    });
    let first = true;
    const it = new Asking({
      act: () => {
        const slow = first;
        first = false;
        return slow ? promise : Promise.resolve(answer(['new']));
      },
      read: () => Promise.reject(new Error())
    });
    const old = it.ask({ kind: 'text', text: 'old' }, wanted, words);
    await it.ask({ kind: 'text', text: 'new' }, wanted, words);
    resolve(answer(['old']));
    await old;
    expect(it.outcomes.map(({ name }) => name)).toEqual(['new']);
  });

  it('stops after what is under way', async () => {
    const { asking: it, asked } = asking();
    const files = Array.from({ length: 70 }, (_, i) => file(`${i}.png`));
    const release = it.subscribe(() => it.done === 32 && it.busy && it.stop());
    await it.ask({ kind: 'files', files }, wanted, words);
    release();
    expect(asked).toHaveLength(1);
    expect(it.outcomes).toHaveLength(32);
    expect(it.busy).toBe(false);
  });

  it('asks once more without heatmaps where a model has none, and says so', async () => {
    const seen: unknown[] = [];
    const it = new Asking({
      act: async (_verb, args = {}) => {
        seen.push(args.heatmaps);
        if (args.heatmaps === true) {
          throw new Error('heatmaps: Mlp can’t say where its model looked.');
        }
        return answer(['a']);
      },
      read: () => Promise.reject(new Error())
    });
    await it.ask({ kind: 'drawing', picture: 'data:' }, { checkpoint: 'best', heatmaps: true }, words);
    expect(seen).toEqual([true, false]);
    expect(it.error).toBeNull();
    expect(it.notes).toEqual(['made grey', 'heatmaps: Mlp can’t say where its model looked.']);
  });

  it('tells why a text can’t be predicted, in place of the answer', async () => {
    const it = new Asking({
      act: () => Promise.reject(new Error('row 1, column 2: expected a number, got "x".')),
      read: () => Promise.reject(new Error())
    });
    await it.ask({ kind: 'text', text: '1,x' }, wanted, words);
    expect(it.error).toBe('row 1, column 2: expected a number, got "x".');
    expect(it.outcomes).toEqual([]);
    it.clear();
    expect([it.error, it.source]).toEqual([null, null]);
  });
});

describe('the ways to bring something', () => {
  it('are those that fit the inputs', () => {
    expect(waysFor(UNKNOWN)).toEqual(['examples', 'files', 'draw', 'text']);
    expect(waysFor({ ...UNKNOWN, kind: 'image', pixels: 28 })).toEqual(['examples', 'files', 'draw']);
    expect(waysFor({ ...UNKNOWN, kind: 'image', pixels: 224 })).toEqual(['examples', 'files']);
    expect(waysFor({ ...UNKNOWN, kind: 'rows' })).toEqual(['examples', 'files', 'text']);
  });

  it('are told by an example', () => {
    const tried = (part: object) =>
      kindOfTried({ items: [{ image: null, features: null, ...part }] } as never);
    expect(tried({ image: [[0, 1, 0]] })).toMatchObject({ kind: 'image', pixels: 3 });
    expect(tried({ features: [1, 2] })).toMatchObject({ kind: 'rows', width: 2 });
    expect(tried({}).kind).toBe('unknown');
  });
});
