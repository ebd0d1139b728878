import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import type { Memory, Snapshot } from '../../src/contract';
import { mount } from '../../src/insight/mount';
import { RunModel } from '../../src/model/run-model';
import { Panel, type TabId } from '../../src/panel/panel';
import { TestClient, checkpoint, control, snapshot } from '../snapshot';

let root: HTMLElement;
let client: TestClient;
let memory: Map<string, unknown>;

async function open(first: Snapshot | null = snapshot(), tab: TabId | undefined = 'log'): Promise<void> {
  client = new TestClient(first);
  memory = new Map();
  root = document.createElement('div');
  document.body.append(root);
  const kept: Memory = { get: key => memory.get(key), set: (key, value) => memory.set(key, value) };
  const model = new RunModel(client);
  await act(() => render(<Panel model={model} memory={kept} insight={insight} tab={tab} />, root));
  await shown();
}

const insight = () => Promise.resolve({ mount });
/** What is loaded is there. */
const shown = () => act(() => new Promise(resolve => setTimeout(resolve)));

function button(label: string): HTMLButtonElement {
  const found = [...root.querySelectorAll<HTMLButtonElement>('button')].find(
    other =>
      (other.getAttribute('aria-label') ?? other.querySelector('.dlt-button-label')?.textContent) === label
  );
  if (found === undefined) {
    throw new Error(`Expected a button '${label}', found: ${root.textContent}`);
  }
  return found;
}

/** Clicks, and lets what was asked be answered. */
const click = (element: HTMLElement) =>
  act(async () => {
    element.click();
    await new Promise(resolve => setTimeout(resolve));
  });
const press = (element: Element, key: string) =>
  act(
    () => void element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
  );
const tell = (next: Snapshot) => act(() => client.tell(next));
const text = (selector: string) => root.querySelector(selector)?.textContent ?? '';
const tabs = () => [...root.querySelectorAll<HTMLElement>('[role=tab]')];

afterEach(() => {
  render(null, root);
  root.remove();
});

describe('the header', () => {
  it('answers at one glance', async () => {
    await open();
    expect(text('.dlt-name')).toBe('digits-cnn');
    expect(text('.dlt-state')).toBe('Running');
    expect(text('.dlt-epoch')).toBe('Epoch 7 / 20');
    expect(text('.dlt-percent')).toBe('33 %');
    expect(text('.dlt-best')).toContain('0.9842');
    expect(text('.dlt-time')).toBe('3 min left');
    expect(text('.dlt-facts')).toBe('cpu812 steps/slr 1e-3');
    expect(root.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')).toBe('33');
  });

  it('says Pausing… until the trainer has, then what came of it, on the same element', async () => {
    await open();
    const pause = button('Pause');
    pause.focus();
    await click(pause);
    expect(client.asked).toEqual([{ verb: 'pause', args: {} }]);
    expect(button('Pausing…')).toBe(pause);
    await click(pause);
    expect(client.asked).toHaveLength(1);

    await tell(snapshot({ controls: [control(1, 'pause', 'requested')] }));
    expect(button('Pausing…')).toBe(pause);
    await tell(
      snapshot({
        run: { ...snapshot().run, state: 'paused' },
        controls: [control(1, 'pause', 'done', 'Paused at step 1,204 (epoch 7).')]
      })
    );
    expect(button('Resume')).toBe(pause);
    expect(document.activeElement).toBe(pause);
    expect(text('[role=status]')).toBe('Paused at step 1,204 (epoch 7).');
  });

  it('asks once before it stops; Escape means no', async () => {
    await open();
    await click(button('Stop'));
    expect(document.activeElement?.textContent).toBe('Stop');
    await press(root.querySelector('.dlt-ask') ?? root, 'Escape');
    expect(client.asked).toEqual([]);
    expect(document.activeElement).toBe(button('Pause'));
    await click(button('Stop'));
    await click(button('Stop'));
    expect(client.asked).toEqual([{ verb: 'stop', args: {} }]);
  });

  it('shows why something was refused until it is dismissed', async () => {
    await open();
    client.answer = () => Promise.reject(new Error('The disk is full.'));
    await click(button('Checkpoint'));
    expect(text('[role=alert]')).toContain('The disk is full.');
    await click(button('Dismiss'));
    expect(root.querySelector('[role=alert]')).toBeNull();
  });

  it('offers nothing while the kernel is gone, and says what to run', async () => {
    await open();
    await act(() => client.become('disconnected'));
    for (const label of ['Pause', 'Stop', 'Checkpoint', 'Try best']) {
      expect(button(label).getAttribute('aria-disabled')).toBe('true');
      await click(button(label));
    }
    expect(client.asked).toEqual([]);
    expect(text('.dlt-command code')).toBe('%load_ext dltrainer_jupyter\n%dltrain panel digits-cnn');
  });

  it('offers what the state allows', async () => {
    await open(snapshot({ run: { ...snapshot().run, state: 'completed' }, allowed: ['delete'] }));
    const labels = [...root.querySelectorAll('.dlt-actions .dlt-button-label')].map(
      label => label.textContent
    );
    expect(labels).toEqual(['Try best']);
  });

  it('folds everything but itself, and remembers', async () => {
    await open();
    await click(button('Fold to this header'));
    expect(root.querySelector<HTMLElement>('.dlt-details')?.hidden).toBe(true);
    expect(memory.get('folded')).toBe(true);
    expect(text('.dlt-state')).toBe('Running');
  });
});

describe('the tabs', () => {
  it('are one stop for the Tab key and follow the arrows', async () => {
    await open();
    expect(tabs().filter(tab => tab.tabIndex === 0)).toEqual([tabs().at(-1)]);
    await press(tabs().at(-1) ?? root, 'ArrowRight');
    expect(document.activeElement?.textContent).toBe('Curves');
    await press(tabs()[0] ?? root, 'ArrowRight');
    expect(document.activeElement?.textContent).toBe('Confusion');
    expect(tabs().map(tab => tab.getAttribute('aria-selected'))[1]).toBe('true');
    await press(tabs()[1] ?? root, 'End');
    expect(document.activeElement?.textContent).toBe('Log');
  });

  it('name what they show', async () => {
    await open(snapshot(), 'config');
    const panel = root.querySelector('[role=tabpanel]');
    const label = panel?.getAttribute('aria-labelledby') ?? '';
    expect(document.getElementById(label)?.textContent).toBe('Config');
  });
});

describe('a failed run', () => {
  const failed = (more: Partial<Snapshot>) =>
    snapshot({ run: { ...snapshot().run, state: 'failed' }, allowed: ['resume', 'delete'], ...more });
  const offered = () =>
    [...root.querySelectorAll('.dlt-banner-actions .dlt-button-label')].map(({ textContent }) => textContent);

  it('goes on from a checkpoint by the button of its banner', async () => {
    await open(failed({}));
    expect(offered()).toEqual(['Resume']);
    await click(button('More'));
    const items = [...root.querySelectorAll('[role=menuitem]')].map(({ textContent }) => textContent);
    expect(items).not.toContain('Resume');
  });

  it('keeps Resume in the menu where there is nothing worth keeping', async () => {
    await open(failed({ checkpoints: [checkpoint(0, ['last'])] }));
    expect(offered()).toEqual([]);
    await click(button('More'));
    const items = [...root.querySelectorAll<HTMLElement>('[role=menuitem]')];
    await click(items.find(({ textContent }) => textContent === 'Resume') ?? root);
    expect(client.asked).toEqual([{ verb: 'resume', args: {} }]);
  });

  it('doesn’t promise a checkpoint that will never come', async () => {
    await open(failed({ checkpoints: [] }), 'try');
    expect(text('.dlt-empty')).toBe('Nothing to try.The run ended before a checkpoint was written.');
    await click(tabs().find(tab => tab.textContent === 'Checkpoints') ?? root);
    expect(text('.dlt-empty')).toBe('No checkpoint.The run ended before one was written.');
  });

  it('tries its last checkpoint where none is the best', async () => {
    await open(failed({ checkpoints: [checkpoint(3, ['last'])] }), 'try');
    expect(button('Try best').getAttribute('aria-disabled')).toBe('true');
    await click(button('Predict'));
    expect(client.asked[0]?.args.checkpoint).toBe('last');
  });
});

describe('a resumed run', () => {
  it.each([
    ['pending', 'waiting'],
    ['running', 'starting']
  ] as const)(
    'shows no speed and no time left of the attempt before while %s and %s',
    async (state, phase) => {
      const progress = { ...snapshot().progress, phase };
      await open(snapshot({ run: { ...snapshot().run, state }, progress }));
      expect(text('.dlt-facts')).not.toContain('steps/s');
      expect(text('.dlt-time')).not.toContain('left');
    }
  );
});

describe('the config tab', () => {
  it.each([
    ['thread', 'the training ends with it'],
    ['process', 'the training goes on']
  ])(
    'says of a %s what the end of the kernel means, and whether it can be resumed',
    async (executor, end) => {
      await open(snapshot({ run: { ...snapshot().run, executor } }), 'config');
      expect(text('.dlt-config dl')).toContain(`When the kernel ends${end}`);
      expect(text('.dlt-config dl')).toContain('Can be resumed in a new kernelyes');
    }
  );
});

describe('how a run resumes', () => {
  it.each([
    ['exact', 'Resumesexactly where it stopped'],
    ['replay', 'Resumesby replaying the epoch'],
    ['epoch', 'Resumesfrom the start of an epoch']
  ] as const)('is said in words: %s', async (resume, words) => {
    await open(snapshot({ run: { ...snapshot().run, resume } }), 'config');
    expect(text('.dlt-config dl')).toContain(words);
  });

  it('gives the reason why it may differ', async () => {
    const message = 'A resume may differ in the last bits: a generator gives its batches only once.';
    const events = [{ at: snapshot().now, kind: 'inexact', message, step: 0 }];
    await open(snapshot({ run: { ...snapshot().run, resume: 'epoch', exact: false }, events }), 'config');
    expect(text('.dlt-config dl')).toContain(`from the start of an epoch. ${message}`);
  });
});

describe('what others wrote', () => {
  const nasty = '<img src=x onerror=alert(1)>';

  it('is shown as text everywhere', async () => {
    const error = { type: 'Error', message: nasty, traceback: nasty, step: 3 };
    const run = { ...snapshot().run, name: nasty, state: 'failed' as const, error, notices: [nasty] };
    const events = [{ at: snapshot().now, kind: 'failed', message: nasty, step: null }];
    await open(snapshot({ run, events, config: nasty, monitor: nasty }));
    for (const tab of ['Config', 'Log', 'Checkpoints', 'Confusion']) {
      await click(tabs().find(other => other.textContent === tab) ?? root);
      expect(root.querySelector('img')).toBeNull();
    }
    expect(text('.dlt-name')).toBe(nasty);
  });
});

describe('trying a checkpoint', () => {
  const item = {
    index: 4,
    truth: '3',
    prediction: '8',
    correct: false,
    confidence: 0.71,
    probabilities: null,
    image: null,
    features: [1, 2]
  };
  const answer = {
    checkpoint: { step: 1080, epoch: 6 },
    task: 'classification',
    labels: [],
    latency_ms: 3.21,
    items: [item, { ...item, index: 5, prediction: '3', correct: true }]
  };

  it('asks for the best, marks mistakes by a word, and goes on from there', async () => {
    await open();
    client.answer = () => Promise.resolve(answer);
    await click(button('Try best'));
    await shown();
    expect(client.asked).toEqual([{ verb: 'try', args: { checkpoint: 'best', count: 12, offset: 0 } }]);
    expect(text('.dlt-try-summary')).toContain('1 of 2 right · step 1,080 (epoch 6)');
    expect([...root.querySelectorAll('.dlt-verdict')].map(({ textContent }) => textContent)).toEqual([
      'wrong',
      'right'
    ]);
    await click(button('Next 12'));
    expect(client.asked.at(-1)?.args).toEqual({ checkpoint: 'best', count: 12, offset: 12 });
  });

  it('begins again after the last example', async () => {
    await open(snapshot(), 'try');
    client.answer = () => Promise.resolve({ ...answer, items: [] });
    await click(button('Predict'));
    expect(text('.dlt-empty')).toContain('No more examples.');
    await click(button('From the first'));
    expect(client.asked.at(-1)?.args.offset).toBe(0);
  });

  it('shows why it could not', async () => {
    await open(snapshot(), 'try');
    client.answer = () => Promise.reject(new Error('The checkpoint was deleted.'));
    await click(button('Predict'));
    expect(text('[role=alert]')).toBe('The checkpoint was deleted.');
  });
});

describe('the log', () => {
  it('mixes events and controls, newest first, and tells what is still asked', async () => {
    const controls = [{ ...control(2, 'stop', 'requested'), requested_at: '2026-03-14T09:29:59Z' }];
    await open(snapshot({ controls }));
    const rows = [...root.querySelectorAll('.dlt-log-text')].map(({ textContent }) => textContent);
    expect(rows).toEqual(['Stopping… stop, asked by panel', 'Epoch 6 ended.']);
  });
});

describe('a panel without a run yet', () => {
  it('says what it waits for', async () => {
    await open(null);
    expect(text('.dlt-empty')).toContain('Waiting for the run.');
    await tell(snapshot());
    expect(text('.dlt-name')).toBe('digits-cnn');
  });
});
