import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../src/contract';
import { RunModel } from '../../src/model/run-model';
import { CurvesTab } from '../../src/panel/curves-tab';
import { type Zoom, useZoom } from '../../src/panel/zoom';
import { TestClient, snapshot } from '../snapshot';

const root = document.createElement('div');
const tried: number[] = [];

async function open(first: Snapshot): Promise<void> {
  document.body.append(root);
  const memory = { get: () => undefined, set: () => undefined };
  const model = new RunModel(new TestClient(first));
  await act(() =>
    render(
      <CurvesTab
        model={model}
        memory={memory}
        snapshot={first}
        gone={false}
        onTry={step => tried.push(step)}
      />,
      root
    )
  );
}

afterEach(() => {
  render(null, root);
  root.remove();
});

describe('CurvesTab', () => {
  it('has a chart a metric, with its newest values', async () => {
    await open(snapshot({ epochs: { ...snapshot().epochs, val_accuracy: [0.8, 0.91] } }));
    const captions = [...root.querySelectorAll('figcaption')].map(caption => caption.textContent);
    expect(captions).toEqual(['loss✕ 1 not finitetrain 1.900val 0.8000', 'accuracyval 0.9100']);
  });

  it('says since when there is no number', async () => {
    const curves = { train_loss: { steps: [1, 2, 3], values: [2.3, null, null] } };
    await open(snapshot({ curves, epochs: {} }));
    expect(root.querySelector('.dlt-legend-broken')?.textContent).toBe('✕ not a finite number since step 2');
  });

  it('keeps a place for the first chart and says when it fills', async () => {
    await open(snapshot({ curves: {}, epochs: {}, checkpoints: [] }));
    expect(root.querySelectorAll('.dlt-chart')).toHaveLength(1);
    expect(root.textContent).toContain('The first point appears after the first step.');
  });

  it('places checkpoints along the line, also the first one of a run that had none when it was opened', async () => {
    const observed: Element[] = [];
    class Observer {
      observe(element: Element) {
        observed.push(element);
      }
      disconnect() {}
    }
    const { ResizeObserver } = globalThis;
    globalThis.ResizeObserver = Observer as never;
    await open(snapshot({ checkpoints: [] }));
    await open(snapshot());
    globalThis.ResizeObserver = ResizeObserver;
    const line = root.querySelector('.dlt-timeline-line');
    expect(observed).toContain(line);
  });

  it('says nothing of a window that was left before it was known that it can’t be read', async () => {
    const client = new TestClient();
    const failures: ((error: Error) => void)[] = [];
    client.curve = () => new Promise((_, reject) => failures.push(reject));
    let zoomTo: Zoom['zoomTo'] = () => undefined;
    const model = new RunModel(client);
    function View() {
      ({ zoomTo } = useZoom(model, false));
      return null;
    }
    await act(() => render(<View />, root));
    await act(() => zoomTo([10, 20]));
    await act(() => zoomTo(null));
    await act(() => zoomTo([30, 40]));
    await act(async () => failures[0]?.(new Error('old')));
    expect(model.view.notice).toBeNull();
    await act(async () => failures[1]?.(new Error('new')));
    expect(model.view.notice?.text).toBe('This window can’t be read more finely: new');
    model.close();
  });

  it('tells a checkpoint when it is pointed at, and offers what to do when it is chosen', async () => {
    await open(snapshot());
    const [, best] = root.querySelectorAll<HTMLElement>('.dlt-mark');
    await act(() => best?.focus());
    expect(root.querySelector('.dlt-timeline-detail')?.textContent).toContain('step 1,080 · epoch 6 · best');
    await act(() => best?.click());
    const choice = [...root.querySelectorAll<HTMLElement>('.dlt-timeline-actions button')];
    expect(choice.map(button => button.textContent)).toEqual(['Try', 'Clone']);
    await act(() => choice[0]?.click());
    expect(tried).toEqual([1080]);
  });
});
