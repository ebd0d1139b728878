import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InsightProps } from '../../src/insight/contract';
import { TryView } from '../../src/insight/views/try';
import { TestClient, snapshot } from '../snapshot';

let root: HTMLElement;
let client: TestClient;

const answer = (prediction: string) => ({
  task: 'classification',
  predictions: [prediction],
  labels: ['7', '9'],
  checkpoint: { step: 1080, epoch: 6 },
  digest: '9f86d081884c7d65',
  latency_ms: 1.25,
  top: [
    [
      { class: 0, label: prediction, confidence: 0.75 },
      { class: 1, label: '9', confidence: 0.25 }
    ]
  ],
  names: ['brought.png'],
  notes: ['brought.png: 64×48, 3 channels: resized to 8×8, made grey']
});

async function show(changes: Partial<InsightProps> = {}): Promise<void> {
  const props: InsightProps = {
    tab: 'try',
    client,
    memory: { get: () => undefined, set: () => undefined },
    snapshot: snapshot(),
    gone: false,
    language: 'en',
    trying: null,
    onTab: () => undefined,
    ...changes
  };
  await act(async () => render(<TryView {...props} />, root));
}

const text = (selector: string) => root.querySelector(selector)?.textContent ?? '';
const settle = () => act(async () => void (await vi.advanceTimersByTimeAsync(0)));
const way = async (name: string) => {
  const found = [...root.querySelectorAll<HTMLElement>('.dlt-choice label')].find(
    it => it.textContent === name
  );
  await act(() => found?.querySelector('input')?.click());
};
const transfer = (files: File[]) => ({ files, types: ['Files'], dropEffect: 'none' });

async function drag(kind: string, files: File[]): Promise<Event> {
  const event = new Event(kind, { bubbles: true, cancelable: true });
  Object.assign(event, { dataTransfer: transfer(files), clipboardData: transfer(files) });
  await act(async () => {
    root.querySelector('.dlt-settings')?.dispatchEvent(event);
  });
  return event;
}

beforeEach(() => {
  vi.useFakeTimers();
  root = document.createElement('div');
  document.body.append(root);
  client = new TestClient();
  client.answer = () => Promise.resolve(answer('7'));
});
afterEach(() => {
  render(null, root);
  root.remove();
  vi.useRealTimers();
});

describe('what is brought along', () => {
  it('is dropped anywhere, shown as taken, and answered with where the answer comes from', async () => {
    await show();
    await drag('dragenter', []);
    expect(text('.dlt-drop-veil')).toBe('Drop files to predict them');
    const dropped = await drag('drop', [new File(['x'], 'brought.png')]);
    expect(dropped.defaultPrevented).toBe(true);
    expect(root.querySelector('.dlt-drop-veil')).toBeNull();
    await settle();
    expect(client.asked.map(({ verb, args }) => [verb, args.checkpoint])).toEqual([['predict', 'best']]);
    expect(text('.dlt-answer-word')).toBe('Prediction: 7');
    expect([...root.querySelectorAll('.dlt-guesses li')].map(line => line.textContent)).toEqual([
      '775.0 %',
      '925.0 %'
    ]);
    expect(text('.dlt-answer-facts')).toBe('step 1,080 (epoch 6)weights 9f86d0811.3 ms');
    expect(text('.dlt-answer .dlt-notes')).toContain('resized to 8×8, made grey');
    expect(text('[role=status][aria-live]')).toBe('Predicted 7.');
  });

  it('is pasted as well, and a text that is pasted is left alone', async () => {
    await show();
    expect((await drag('paste', [])).defaultPrevented).toBe(false);
    expect((await drag('paste', [new File(['x'], 'image.png')])).defaultPrevented).toBe(true);
    await settle();
    expect(text('.dlt-answer-word')).toContain('7');
  });

  it('is not taken where nobody answers', async () => {
    await show({ gone: true });
    expect((await drag('dragenter', [])).defaultPrevented).toBe(false);
    await drag('drop', [new File(['x'], 'a.png')]);
    expect(client.asked).toEqual([]);
    expect(text('.dlt-error')).toContain('Nobody answers');
  });

  it('is predicted again by another checkpoint', async () => {
    await show();
    await drag('drop', [new File(['x'], 'brought.png')]);
    await settle();
    client.answer = () => Promise.resolve(answer('1'));
    const select = root.querySelector('select') as HTMLSelectElement;
    select.value = '900';
    await act(() => void select.dispatchEvent(new Event('change', { bubbles: true })));
    await settle();
    expect(client.asked.at(-1)?.args.checkpoint).toBe(900);
    expect(text('.dlt-answer-word')).toBe('Prediction: 1');
  });

  it('is there again after another view was looked at', async () => {
    await show();
    await drag('drop', [new File(['x'], 'brought.png')]);
    await settle();
    render(null, root);
    await show();
    expect(text('.dlt-answer-word')).toBe('Prediction: 7');
  });

  it('says in place what is wrong with a text, in the person’s language', async () => {
    client.answer = () => Promise.reject(new Error('row 1, column 2: expected a number, got "x".'));
    await show({ language: 'pt-BR' });
    await way('Texto');
    const area = root.querySelector('textarea') as HTMLTextAreaElement;
    expect(area.placeholder).toBe('Um texto, ou linhas de valores separados por vírgula');
    area.value = '1,x';
    await act(() => void area.dispatchEvent(new Event('input', { bubbles: true })));
    const keys = { key: 'Enter', ctrlKey: true, bubbles: true, cancelable: true };
    await act(() => void area.dispatchEvent(new KeyboardEvent('keydown', keys)));
    await settle();
    expect(client.asked).toEqual([
      { verb: 'predict', args: { text: '1,x', checkpoint: 'best', heatmaps: false, top: 5 } }
    ]);
    expect(text('[role=alert]')).toBe('row 1, column 2: expected a number, got "x".');
  });
});

describe('a drawing', () => {
  const point = (kind: string, x: number, y: number) => {
    const canvas = root.querySelector('.dlt-pad canvas') as HTMLCanvasElement;
    canvas.getBoundingClientRect = () => new DOMRect(0, 0, 100, 100);
    canvas.setPointerCapture = () => undefined;
    canvas.hasPointerCapture = () => true;
    canvas.toDataURL = () => 'data:image/png;base64,AA';
    const event = new Event(kind, { bubbles: true });
    Object.assign(event, { clientX: x, clientY: y, isPrimary: true, button: 0, pointerId: 1 });
    return act(() => void canvas.dispatchEvent(event));
  };

  it('is predicted once the pen rests, and again when a stroke is taken back', async () => {
    HTMLCanvasElement.prototype.toDataURL = () => 'data:image/png;base64,AA';
    await show();
    await way('Draw');
    expect(text('.dlt-pad-hint')).toContain('Draw here');
    await point('pointerdown', 10, 10);
    await point('pointermove', 60, 60);
    await act(async () => void (await vi.advanceTimersByTimeAsync(200)));
    expect(client.asked).toEqual([]);
    await point('pointermove', 70, 70);
    await act(async () => void (await vi.advanceTimersByTimeAsync(310)));
    expect(client.asked.map(({ args }) => args.drawing)).toEqual(['data:image/png;base64,AA']);
    expect(text('.dlt-answer-word')).toBe('Prediction: 7');
    const canvas = root.querySelector('.dlt-pad canvas') as HTMLCanvasElement;
    const keys = { key: 'z', ctrlKey: true, bubbles: true, cancelable: true };
    await act(() => void canvas.dispatchEvent(new KeyboardEvent('keydown', keys)));
    await settle();
    expect(text('.dlt-answer')).toContain('The answer appears here.');
  });

  it('is predicted later where a person went elsewhere before the pen had rested', async () => {
    HTMLCanvasElement.prototype.toDataURL = () => 'data:image/png;base64,AA';
    await show();
    await way('Draw');
    await point('pointerdown', 10, 10);
    await way('Files');
    await act(async () => void (await vi.advanceTimersByTimeAsync(500)));
    expect(client.asked).toEqual([]);
    await way('Draw');
    await act(async () => void (await vi.advanceTimersByTimeAsync(310)));
    expect(text('.dlt-answer-word')).toBe('Prediction: 7');
    // What was predicted isn't once more.
    await way('Files');
    await way('Draw');
    await act(async () => void (await vi.advanceTimersByTimeAsync(500)));
    expect(client.asked).toHaveLength(1);
  });
});

describe('before there is a checkpoint', () => {
  it('says what will come, or that nothing will', async () => {
    await show({ snapshot: snapshot({ checkpoints: [] }) });
    expect(text('.dlt-empty')).toContain('As soon as the first checkpoint is written');
    await show({ snapshot: snapshot({ checkpoints: [], run: { ...snapshot().run, state: 'stopped' } }) });
    expect(text('.dlt-empty')).toContain('The run ended before a checkpoint was written.');
  });
});
