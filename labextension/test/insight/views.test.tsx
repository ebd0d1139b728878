import { deflateSync } from 'node:zlib';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Question } from '../../src/contract';
import type { InsightProps, InsightTab, MountedInsight } from '../../src/insight/contract';
import type { Evaluation, Item } from '../../src/insight/model/answers';
import { mount } from '../../src/insight/mount';
import { TestClient, snapshot } from '../snapshot';

const LABELS = ['cat', 'dog'];
/** Of each epoch: cats and dogs, right and wrong. */
const COUNTS: Record<number, number[]> = { 1: [3, 7, 2, 8], 2: [6, 4, 1, 9], 3: [10, 0, 0, 10] };
const EPOCHS = [1, 2, 3];

const item = (index: number): Item => ({
  index,
  truth: 'cat',
  prediction: 'dog',
  truth_class: 0,
  prediction_class: 1,
  confidence: 0.7,
  loss: 1.2,
  correct: false,
  score: null,
  top: [{ class: 1, label: 'dog', confidence: 0.7 }],
  image: 'data:image/png;base64,',
  features: null,
  mask: null,
  true_mask: null,
  boxes: null,
  true_boxes: null,
  size: null
});

function evaluation(epoch: number): Evaluation {
  return {
    epoch,
    step: 10 * epoch,
    epochs: EPOCHS,
    labels: LABELS,
    has_examples: true,
    summary: {
      task: 'classification',
      count: 20,
      sampled: 20,
      notes: ['No example of lynx is there.'],
      overall: { accuracy: epoch / 4, macro: { f1: 0.5 } },
      classes: [
        { label: 'cat', support: 10, f1: 0.9 },
        { label: 'dog', support: 10, f1: 0.2 }
      ],
      roc: { macro: { x: [0, 1], y: [0, 1] }, '0': { x: [0, 1], y: [0.5, 1] } },
      pr: { '0': { x: [0, 1], y: [1, 0.5] }, '1': { x: [0, 1], y: [1, 0.2] } }
    }
  };
}

function tell(what: Question, args: Record<string, unknown>): unknown {
  switch (what) {
    case 'evaluation':
      return evaluation(Number(args.epoch ?? 3));
    case 'confusions': {
      const counts = Int32Array.from(EPOCHS.flatMap(epoch => COUNTS[epoch] ?? []));
      const text = deflateSync(new Uint8Array(counts.buffer)).toString('base64');
      return { labels: LABELS, epochs: EPOCHS, size: 2, counts: text };
    }
    default: {
      const total = Number(args.epoch) === 3 ? 0 : 7;
      const offset = Number(args.offset);
      const items = Array.from({ length: Math.min(Number(args.count), total - offset) }, (_, i) =>
        item(offset + i)
      );
      return {
        epoch: args.epoch,
        task: 'classification',
        labels: LABELS,
        total,
        kept: 20,
        count_of_set: 60_000,
        items
      };
    }
  }
}

let root: HTMLElement;
let client: TestClient;
let shown: MountedInsight;
let props: InsightProps;

async function open(tab: InsightTab, answer = tell): Promise<void> {
  client = new TestClient();
  client.tells = (what, args) => Promise.resolve(answer(what, args));
  const onTab = (next: InsightTab) => {
    props = { ...props, tab: next };
    shown.update(props);
  };
  props = {
    tab,
    client,
    memory: { get: () => undefined, set: () => undefined },
    snapshot: snapshot({ confusion: null }),
    gone: false,
    language: 'en',
    trying: null,
    onTab
  };
  await act(() => {
    shown = mount(root, props);
  });
  await settled();
}

/** What was asked is answered and drawn; matrices take several turns to unpack, lists rest before they ask. */
async function settled(): Promise<void> {
  await act(async () => void (await vi.advanceTimersByTimeAsync(300)));
  await act(() => new Promise(resolve => setImmediate(resolve)));
  await act(async () => void (await vi.advanceTimersByTimeAsync(300)));
}

const text = (selector: string) => root.querySelector(selector)?.textContent ?? '';
const all = (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
const cells = () => all('[data-cell]').map(cell => cell.textContent);
const press = (element: Element | null, key: string) =>
  act(
    () => void element?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
  );
const click = async (element: HTMLElement | undefined | null) => {
  await act(() => element?.click());
  await settled();
};

async function slide(to: number): Promise<void> {
  const slider = root.querySelector<HTMLInputElement>('.dlt-epoch-slider input');
  await act(() => {
    if (slider !== null) {
      slider.value = String(to);
      slider.dispatchEvent(new Event('input', { bubbles: true }));
    }
  });
  await settled();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      observe(): void {}
      disconnect(): void {}
    }
  );
  root = document.createElement('div');
  document.body.append(root);
});

afterEach(async () => {
  await act(() => shown.unmount());
  root.remove();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the confusion view', () => {
  it('begins with the newest epoch, and the slider shows the others without asking again', async () => {
    await open('confusion');
    await vi.waitFor(() => expect(text('.dlt-score')).toBe('Epoch 3: 20 of 20 right (100.0 %)'));
    expect(cells()).toEqual(['10', '', '', '10']);
    const asked = client.questions.length;
    await slide(0);
    expect(text('.dlt-score')).toBe('Epoch 1: 11 of 20 right (55.0 %)');
    expect(cells()).toEqual(['3', '7', '2', '8']);
    expect(text('.dlt-epoch-slider output')).toBe('1 of 3');
    expect(client.questions).toHaveLength(asked);
  });

  it('lists the examples of a cell, keeps the cell while the slider moves, and opens them all', async () => {
    await open('confusion');
    await vi.waitFor(() => expect(cells()).toHaveLength(4));
    await slide(0);
    await click(root.querySelector<HTMLElement>('[data-cell="0,1"]'));
    expect(text('.dlt-cell-examples h4')).toBe('cat taken for dog');
    expect(all('.dlt-tile')).toHaveLength(7);
    expect(client.questions.at(-1)).toEqual({
      what: 'examples',
      args: { epoch: 1, truth: 0, predicted: 1, sort: '-confidence', offset: 0, count: 24 }
    });
    await slide(1);
    expect(client.questions.at(-1)?.args).toMatchObject({ epoch: 2, truth: 0, predicted: 1 });
    await slide(2);
    expect(text('.dlt-cell-examples')).toContain('No example: no cat was taken for dog at this epoch.');
    expect(all('[data-marked="true"]').map(cell => cell.dataset.cell)).toEqual(['0,1']);
    await click(all('.dlt-cell-examples .dlt-button')[0]);
    expect(client.questions.at(-1)?.args).toMatchObject({ epoch: 3, truth: 0, predicted: 1, correct: null });
    expect(root.querySelector('.dlt-example-filter')).not.toBeNull();
  });

  it('shows why it couldn’t be read, and reads it again', async () => {
    let fails = true;
    await open('confusion', (what, args) => {
      if (fails) {
        throw new Error('The server stopped.');
      }
      return tell(what, args);
    });
    expect(text('[role=alert]')).toBe('The server stopped.');
    fails = false;
    await click(all('.dlt-button').find(button => button.textContent?.includes('Try again')));
    await vi.waitFor(() => expect(cells()).toHaveLength(4));
  });

  it('says of a run without classes that it has none', async () => {
    await open('confusion', () => ({ ...evaluation(3), labels: [] }));
    expect(text('.dlt-empty')).toContain('No confusion matrix.');
  });

  it('says of a task that has none what there is instead, and leads there', async () => {
    const { summary, ...rest } = evaluation(3);
    await open('confusion', () => ({ ...rest, labels: [], summary: { ...summary, task: 'segmentation' } }));
    expect(text('.dlt-empty')).toContain('see the IoU of each class in Metrics');
    await click(all('.dlt-empty .dlt-button')[0]);
    expect(props.tab).toBe('metrics');
  });
});

describe('the metrics view', () => {
  it('shows what was measured, the worst class first, and the curves of a class that is chosen', async () => {
    await open('metrics');
    expect(text('.dlt-overall')).toBe('Accuracy0.7500F1 macro0.5000');
    expect(text('.dlt-notes')).toBe('No example of lynx is there.');
    expect(all('.dlt-class-link').map(link => link.textContent)).toEqual(['dog', 'cat']);
    expect(all('.dlt-plane figcaption').map(caption => caption.textContent)).toEqual([
      'ROCmean',
      'Precision and recallmean of 2 classes'
    ]);
    await click(all('.dlt-class-link')[1]);
    expect(text('.dlt-plane figcaption')).toBe('ROCcat');
    await press(root.querySelector('.dlt-plane svg'), 'ArrowRight');
    expect(text('.dlt-plane-read')).toBe('False-positive rate 0, True-positive rate 0.5000');
    await click(all('.dlt-sort')[0]);
    expect(all('.dlt-class-link').map(link => link.textContent)).toEqual(['cat', 'dog']);
  });

  it('says why nothing was measured', async () => {
    const summary = {
      task: 'classification' as const,
      count: 9,
      sampled: 9,
      notes: ['The scores have no axis of classes.']
    };
    await open('metrics', () => ({ ...evaluation(3), summary }));
    expect(text('.dlt-metrics-body')).toBe('The scores have no axis of classes.');
  });

  it('reads the epoch of the slider when it rests', async () => {
    await open('metrics');
    await slide(0);
    expect(text('.dlt-overall')).toContain('Accuracy0.2500');
    expect(
      client.questions.filter(({ what }) => what === 'evaluation').map(({ args }) => args.epoch)
    ).toEqual([undefined, 1]);
  });
});

describe('what was validated', () => {
  it('is read again for the epoch that is looked at when the run goes on from an earlier one', async () => {
    await open('metrics');
    await slide(0);
    expect(text('.dlt-settings [role=status]')).toBe('20 examples');
    const run = { ...props.snapshot.run, attempts: 2 };
    props = { ...props, snapshot: snapshot({ confusion: null, run }) };
    await act(() => shown.update(props));
    await act(async () => void (await vi.advanceTimersByTimeAsync(1000)));
    await settled();
    expect(text('.dlt-settings [role=status]')).toBe('20 examples');
  });
});

describe('the examples view', () => {
  it('says how many of the set are kept, and filters', async () => {
    await open('examples');
    await slide(0);
    expect(text('.dlt-score')).toBe('20 of 60,000 examples, the same at each epoch');
    await click(all('.dlt-example-filter input')[2]);
    expect(client.questions.at(-1)?.args).toMatchObject({ epoch: 1, correct: false, offset: 0 });
    expect(text('.dlt-score')).toBe('7 found · 20 of 60,000 examples, the same at each epoch');
  });

  it('keeps what was chosen, though another view was opened at once', async () => {
    await open('examples');
    await slide(0);
    all('.dlt-example-filter input')[2]?.click();
    await Promise.resolve();
    await act(() => props.onTab('metrics'));
    await act(() => props.onTab('examples'));
    await settled();
    expect((all('.dlt-example-filter input')[2] as HTMLInputElement).checked).toBe(true);
  });

  it('enlarges an example; arrows go on, Escape gives the focus back', async () => {
    await open('examples');
    await slide(0);
    const tile = all('.dlt-tile button')[2];
    tile?.focus();
    await click(tile);
    const dialog = root.querySelector('[role=dialog]');
    expect(document.activeElement).toBe(dialog);
    expect(text('.dlt-zoom h4')).toBe('Example 2');
    await press(dialog, 'ArrowRight');
    expect(text('.dlt-zoom h4')).toBe('Example 3');
    await press(dialog, 'ArrowLeft');
    await press(dialog, 'ArrowLeft');
    await press(dialog, 'ArrowLeft');
    await press(dialog, 'ArrowLeft');
    expect(text('.dlt-zoom h4')).toBe('Example 0');
    await press(dialog, 'Escape');
    expect(root.querySelector('[role=dialog]')).toBeNull();
    expect(document.activeElement).toBe(tile);
  });

  it('enlarges an example for the next key already, and takes no focus once it is closed', async () => {
    await open('examples');
    await slide(0);
    const [tile, other] = all('.dlt-tile button');
    const drawn = () => Promise.resolve().then(() => undefined);
    tile?.focus();
    tile?.click();
    await drawn();
    const dialog = root.querySelector('[role=dialog]');
    expect(document.activeElement).toBe(dialog);
    dialog?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    await drawn();
    expect(document.activeElement).toBe(tile);
    other?.focus();
    await settled();
    expect(document.activeElement).toBe(other);
  });

  it('keeps the Tab key inside the enlarged example', async () => {
    await open('examples');
    await slide(0);
    await click(all('.dlt-tile button')[0]);
    const stops = all('.dlt-zoom button, .dlt-zoom input');
    await act(() => stops.at(-1)?.focus());
    await press(document.activeElement, 'Tab');
    expect(document.activeElement).toBe(stops[0]);
  });

  it('asks the nearest checkpoint where it looked, once, and says which it was', async () => {
    await open('examples');
    await slide(0);
    client.answer = () => Promise.resolve({ items: [{ index: 0, heatmap: 'data:image/png;base64,' }] });
    await click(all('.dlt-tile button')[0]);
    const look = () =>
      all('.dlt-zoom .dlt-button').find(button => button.textContent?.includes('where it looked'));
    await click(look());
    await click(look());
    await click(look());
    expect(client.asked).toEqual([{ verb: 'heatmaps', args: { checkpoint: 900, index: [0] } }]);
    expect(all('.dlt-zoom .dlt-hint').map(hint => hint.textContent)).toEqual([
      'by the checkpoint of step 900 (epoch 5)'
    ]);
    expect(root.querySelector('[data-layer=heatmap]')).not.toBeNull();
  });

  it('says that no examples are kept', async () => {
    await open('examples', () => ({ ...evaluation(3), has_examples: false }));
    expect(text('.dlt-empty')).toContain('No examples are kept.');
    expect(client.questions.map(({ what }) => what)).toEqual(['evaluation']);
  });
});

it.each(['pt-BR', 'es'])('speaks %s', async language => {
  await open('confusion');
  await vi.waitFor(() => expect(cells()).toHaveLength(4));
  props = { ...props, language };
  await act(() => shown.update(props));
  expect(text('.dlt-choice')).toContain(language === 'es' ? 'Recuentos' : 'Contagens');
});
