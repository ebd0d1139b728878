import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TrackerPlace } from '../../src/contract';
import type { StudioHost } from '../../src/studio/contract';
import { mountSidebar } from '../../src/studio/sidebar';
import { TestStudio, row } from '../rows';
import { control, snapshot } from '../snapshot';

const RUNS = [
  row(9, 'running', { name: 'vit-tiny', host: 'gpu-box-2' }),
  row(8, 'pending', { best: null, spark: [], device: null }),
  row(7, 'paused'),
  row(6, 'completed'),
  row(5, 'stopped'),
  row(4, 'failed', { error: 'ValueError: Expected 64 features, got 63.' })
];

let root: HTMLElement;
let studio: TestStudio;
let unmount: () => void;
let said: string[];
let kept: Map<string, unknown>;

async function open(
  rows = RUNS,
  language = 'en',
  change: (studio: TestStudio) => void = () => undefined,
  wishes: Partial<StudioHost> = {}
) {
  studio = new TestStudio([...rows]);
  change(studio);
  said = [];
  const host: StudioHost = {
    open: id => said.push(`open ${id}`),
    compare: ids => said.push(`compare ${ids.join(' ')}`),
    create: () => said.push('create'),
    insertCode: id => said.push(`insert ${id}`),
    language,
    ...wishes
  };
  root = document.createElement('div');
  document.body.append(root);
  await act(async () => {
    const memory = {
      get: (key: string) => kept.get(key),
      set: (key: string, value: unknown) => void kept.set(key, value)
    };
    unmount = mountSidebar(root, studio, host, { memory });
    await vi.advanceTimersByTimeAsync(0);
  });
  await pass(0);
}

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms).then(() => undefined));
const grid = () => root.querySelector<HTMLElement>('[role=treegrid]') as HTMLElement;
const lines = () =>
  [...root.querySelectorAll<HTMLElement>('.dlt-row, .dlt-group')].sort(
    (a, b) => Number(a.getAttribute('aria-rowindex')) - Number(b.getAttribute('aria-rowindex'))
  );
const runs = () => lines().filter(line => line.classList.contains('dlt-row'));
const run = (name: string) => {
  const found = runs().find(line => line.querySelector('.dlt-row-name')?.textContent === name);
  if (found === undefined) {
    throw new Error(`Expected a row '${name}', found: ${root.textContent}`);
  }
  return found;
};
const active = () => document.getElementById(grid().getAttribute('aria-activedescendant') ?? '');
const press = (key: string, init: KeyboardEventInit = {}, target: Element = grid()) =>
  act(async () => {
    target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }));
    await vi.advanceTimersByTimeAsync(0);
  });
const click = (element: Element | undefined | null, init: MouseEventInit = {}) =>
  act(async () => {
    element?.dispatchEvent(new MouseEvent('click', { bubbles: true, ...init }));
    await vi.advanceTimersByTimeAsync(0);
  });
const button = (label: string) =>
  [...root.querySelectorAll('button')].find(
    other =>
      (other.getAttribute('aria-label') ?? other.querySelector('.dlt-button-label')?.textContent) === label
  );
const item = (label: string) =>
  [...root.querySelectorAll('[role=menuitem]')].find(other => other.textContent === label);
const type = (text: string) =>
  act(async () => {
    const input = root.querySelector('input') as HTMLInputElement;
    input.value = text;
    input.dispatchEvent(new InputEvent('input', { bubbles: true }));
    await vi.advanceTimersByTimeAsync(300);
  });

beforeEach(() => {
  kept = new Map();
  vi.useFakeTimers({ now: Date.parse('2026-03-14T09:36:00Z') });
  HTMLElement.prototype.showPopover = () => undefined;
});
afterEach(() => {
  unmount();
  root.remove();
  vi.useRealTimers();
});

describe('the list', () => {
  it('groups the runs and says how many there are', async () => {
    await open();
    expect(lines().map(line => line.querySelector('.dlt-group-name, .dlt-row-name')?.textContent)).toEqual([
      ...['Running', 'vit-tiny', 'digits-8'],
      ...['Paused', 'digits-7'],
      ...['Finished', 'digits-6', 'digits-5'],
      ...['Failed', 'digits-4']
    ]);
    expect([...root.querySelectorAll('.dlt-group-count')].map(({ textContent }) => textContent)).toEqual([
      ...['2', '1', '2', '1']
    ]);
    expect(root.querySelector('.dlt-list-order')?.textContent).toContain('6 runs');
  });

  it('tells of each run what, how far, how good, where and since when', async () => {
    await open();
    expect(run('vit-tiny').querySelector('.dlt-row-best')?.textContent).toBe('0.9842');
    expect(run('vit-tiny').querySelector('.dlt-row-end')?.textContent).toBe('33 % · 3 min left');
    expect(run('vit-tiny').querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')).toBe('33');
    expect(run('digits-6').querySelector('.dlt-row-facts')?.textContent).toBe('pytorch · cpu');
    expect(run('digits-6').querySelector('.dlt-row-end')?.textContent).toMatch(/^10 min/);
    expect(run('digits-5').querySelector('.dlt-row-facts')?.textContent).toBe('Stopped · pytorch · cpu');
    expect(run('digits-4').querySelector('.dlt-row-error')?.textContent).toContain('ValueError');
    expect(run('digits-4').getAttribute('aria-label')).toContain(
      ', Failed, best val_accuracy 0.9842, ValueError'
    );
    expect(
      run('digits-5')
        .getAttribute('aria-label')
        ?.match(/Stopped/g)
    ).toHaveLength(1);
    expect(run('digits-6').getAttribute('aria-label')).toMatch(
      /^digits-6, Completed, best val_accuracy 0.9842, pytorch, cpu, started 10 min/
    );
  });

  it('says where a run trains when that is elsewhere', async () => {
    await open();
    expect(run('vit-tiny').textContent).not.toContain('gpu-box-2');
    const here = {
      host: 'lab-3',
      cpu_percent: 1,
      cores: 1,
      memory_bytes: 1,
      memory_total_bytes: 2,
      gpus: []
    };
    await act(() => studio.resources.forEach(tell => void tell(here)));
    expect(run('vit-tiny').textContent).toContain('on gpu-box-2');
    expect(run('digits-6').textContent).not.toContain('lab-3');
  });

  it('marks what is tracked, and says when a tracker is behind', async () => {
    const trackers: TrackerPlace[] = [
      { label: 'MLflow', state: 'following', url: null },
      { label: '<i>Lab', state: 'delivered', url: null }
    ];
    await open([row(1, 'completed', { trackers }), row(2)]);
    const mark = () => run('digits-1').querySelector<HTMLElement>('.dlt-row-tracked');
    expect(mark()?.title).toBe('tracked by MLflow, <i>Lab');
    expect(mark()?.textContent).toBe('');
    expect(run('digits-1').getAttribute('aria-label')).toContain(', cpu, tracked by MLflow, <i>Lab, started');
    expect(run('digits-2').querySelector('.dlt-row-tracked')).toBeNull();
    await act(() =>
      studio.tell([row(1, 'completed', { trackers: [{ label: 'MLflow', state: 'behind', url: null }] })])
    );
    expect(mark()?.title).toBe('tracked by MLflow (behind)');
    expect(mark()?.textContent).toBe('behind');
  });

  it('keeps ten thousand runs out of the page', async () => {
    await open(Array.from({ length: 10_000 }, (_, i) => row(i + 1)));
    expect(root.querySelector('.dlt-list-order')?.textContent).toContain('10,000 runs');
    expect(runs().length).toBeLessThan(40);
    expect(grid().getAttribute('aria-rowcount')).toBe('10004');
    expect(
      Number.parseInt(root.querySelector<HTMLElement>('.dlt-runs-all')?.style.height ?? '', 10)
    ).toBeGreaterThan(500_000);
    grid().scrollTop = 400_000;
    await act(() => void grid().dispatchEvent(new Event('scroll')));
    await pass(100);
    expect(runs().some(line => line.querySelector('.dlt-row-name') !== null)).toBe(true);
    expect(runs().length).toBeLessThan(40);
  });

  it('doesn’t move under the reader’s eyes when runs begin above', async () => {
    await open(Array.from({ length: 40 }, (_, i) => row(i + 1)));
    Object.defineProperty(grid(), 'clientHeight', { value: 400 });
    const top = (name: string) => Number.parseInt(run(name).style.top, 10) - grid().scrollTop;
    await act(() => studio.tell([row(41, 'running')]));
    expect(grid().scrollTop).toBe(0);
    grid().scrollTop = 300;
    await act(() => void grid().dispatchEvent(new Event('scroll')));
    const before = top('digits-33');
    await act(() => studio.tell([row(42, 'running'), row(43)], ['R41']));
    expect(top('digits-33')).toBe(before);
    expect(grid().scrollTop).toBeGreaterThan(300);
  });

  it('changes values in place and keeps the element', async () => {
    await open();
    const before = run('vit-tiny');
    await act(() => studio.tell([row(9, 'running', { name: 'vit-tiny', best: 0.9911 })]));
    expect(run('vit-tiny')).toBe(before);
    expect(before.querySelector('.dlt-row-best')?.textContent).toBe('0.9911');
  });

  it('says aloud that a run has ended', async () => {
    await open();
    await act(() => studio.tell([row(9, 'completed', { name: 'vit-tiny' })]));
    expect([...root.querySelectorAll('[role=status]')].map(({ textContent }) => textContent)).toContain(
      'vit-tiny: Completed.'
    );
  });

  it('keeps its order and its folded groups for the next time', async () => {
    await open();
    const select = root.querySelector('select') as HTMLSelectElement;
    select.value = 'name';
    await act(() => void select.dispatchEvent(new Event('change', { bubbles: true })));
    await click(root.querySelectorAll('.dlt-group')[2]);
    await click(root.querySelectorAll('.dlt-group')[0]);
    expect(runs()).toHaveLength(2);
    unmount();
    root.remove();
    await open();
    expect(runs()).toHaveLength(2);
    expect(root.querySelector('select')?.value).toBe('name');
    expect(new Set(studio.queries.map(({ sort }) => sort))).toEqual(new Set(['name']));
  });

  it('takes over no order that there isn’t', async () => {
    kept.set('list-sort', 'toString');
    await open();
    expect(root.querySelector('select')?.value).toBe('newest');
  });

  it('writes names as text', async () => {
    await open([row(1, 'completed', { name: '<img src=x onerror=alert(1)>' })]);
    expect(root.querySelector('img')).toBeNull();
    expect(runs()[0]?.textContent).toContain('<img');
  });

  it('speaks other languages', async () => {
    await open(RUNS, 'pt-BR');
    expect(root.textContent).toContain('Em execução');
    expect(run('digits-5').textContent).toContain('Parada');
  });
});

describe('states of the whole', () => {
  it('is empty with a word on how that changes', async () => {
    await open([]);
    expect(root.textContent).toContain('No runs yet.');
    await click(root.querySelector('.dlt-list-empty button'));
    expect(said).toEqual(['create']);
  });

  it('waits', async () => {
    await open(RUNS, 'en', other => {
      other.answer = () => new Promise(() => undefined);
    });
    expect(root.querySelector('.dlt-list-loading')?.textContent).toBe('Loading runs…');
  });

  it('fails with the reason, and tries again', async () => {
    await open(RUNS, 'en', other => {
      other.answer = () => Promise.reject(new Error('The store is newer than this version.'));
    });
    expect(root.querySelector('[role=alert].dlt-list-empty')?.textContent).toContain(
      'newer than this version'
    );
    studio.answer = null;
    await click(button('Try again'));
    expect(runs()).toHaveLength(6);
  });

  it('says that the server is away and steers nothing then', async () => {
    await open();
    await act(() => studio.become('disconnected'));
    expect(root.querySelector('.dlt-list-notice')?.textContent).toContain('Not connected to the server.');
    await click(run('vit-tiny').querySelector('[aria-label=Pause]'));
    expect(studio.asked).toEqual([]);
    await act(() => studio.become('connected'));
    expect(root.querySelector('.dlt-list-notice')).toBeNull();
  });

  it('shows what is wrong with a filter in place, and that nothing fits one', async () => {
    await open();
    studio.answer = () => Promise.reject(new Error('Expected a number after "val_loss<".'));
    await type('val_loss<');
    const input = root.querySelector('input');
    expect(input?.getAttribute('aria-invalid')).toBe('true');
    expect(document.getElementById(input?.getAttribute('aria-errormessage') ?? '')?.textContent).toContain(
      'Expected a'
    );
    expect(runs()).toHaveLength(6);
    studio.answer = null;
    await type('nowhere');
    expect(root.textContent).toContain('Nothing fits “nowhere”.');
    await click(button('Clear the filter'));
    await pass(300);
    expect(runs()).toHaveLength(6);
  });
});

describe('the pointer', () => {
  it('opens with a click, selects with Ctrl, and compares what is selected', async () => {
    await open();
    await click(run('digits-6'));
    expect(said).toEqual(['open R6']);
    await click(run('digits-6'), { ctrlKey: true });
    expect(run('digits-6').getAttribute('aria-selected')).toBe('true');
    expect(button('Compare')?.getAttribute('aria-disabled')).toBe('true');
    await click(run('digits-4'), { ctrlKey: true });
    await click(button('Compare'));
    expect(said.at(-1)).toBe('compare R6 R4');
    await act(() => studio.tell([], ['R6']));
    expect(button('Compare')?.getAttribute('aria-disabled')).toBe('true');
    await click(button('Clear'));
    expect(root.querySelector('[aria-selected=true]')).toBeNull();
  });

  it('selects with Ctrl together with the run that was opened, as in a list of files', async () => {
    await open();
    await click(run('digits-6'));
    await click(run('digits-4'), { ctrlKey: true });
    await click(button('Compare'));
    expect(said.at(-1)).toBe('compare R6 R4');
  });

  it('pauses on the row, which says so until the trainer has', async () => {
    await open();
    studio.act_ = () => Promise.resolve({ id: 4 });
    await click(run('vit-tiny').querySelector('[aria-label=Pause]'));
    expect(said).toEqual([]);
    expect(studio.asked).toEqual([{ id: 'R9', verb: 'pause', args: {} }]);
    expect(run('vit-tiny').textContent).toContain('Pausing…');
    const done = control(4, 'pause', 'done', 'Paused at step 1,204 (epoch 7).');
    await act(() => studio.runs.get('R9')?.tell(snapshot({ controls: [done] })));
    await pass(0);
    expect(run('vit-tiny').textContent).toContain('Paused at step 1,204 (epoch 7).');
    await pass(8000);
    expect(run('vit-tiny').textContent).toContain('left');
  });

  it('offers in the menu what the state allows', async () => {
    await open();
    await act(() => void run('vit-tiny').dispatchEvent(new MouseEvent('contextmenu', { bubbles: true })));
    expect([...root.querySelectorAll('[role=menuitem]')].map(({ textContent }) => textContent)).toEqual([
      ...['Open', 'Pause', 'Suspend', 'Stop…', 'Checkpoint', 'Set learning rate…', 'Clone'],
      ...['Select to compare', 'Insert code into notebook', 'Copy run id']
    ]);
    await click(item('Insert code into notebook'));
    expect(said).toEqual(['insert R9']);
    await click(run('digits-4').querySelector('[aria-haspopup=menu]'));
    expect([...root.querySelectorAll('[role=menuitem]')].map(({ textContent }) => textContent)).toEqual([
      ...[
        'Open',
        'Resume',
        'Clone',
        'Select to compare',
        'Insert code into notebook',
        'Copy run id',
        'Delete…'
      ]
    ]);
  });

  it('leads to where a run is tracked, or copies it', async () => {
    const opened = vi.spyOn(window, 'open').mockReturnValue(null);
    const writeText = vi.fn(() => Promise.resolve());
    vi.stubGlobal('navigator', { clipboard: { writeText } });
    const page = 'http://localhost:5000/#/experiments/1';
    const trackers: TrackerPlace[] = [
      { label: 'MLflow', state: 'following', url: page },
      { label: 'TensorBoard', state: 'delivered', url: '/runs/tb' },
      { label: 'Lab', state: 'delivered', url: 'javascript:alert(1)' },
      { label: 'W&B', state: 'waiting', url: null }
    ];
    await open([row(1, 'completed', { trackers })]);
    const menu = async (label: string) => {
      await click(run('digits-1').querySelector('[aria-haspopup=menu]'));
      await click(item(label));
    };
    await menu('Open in MLflow');
    expect(opened.mock.calls).toEqual([[page, '_blank', 'noopener,noreferrer']]);
    await menu('Copy path for TensorBoard');
    expect(writeText).toHaveBeenCalledWith('/runs/tb');
    expect(run('digits-1').textContent).toContain('Copied /runs/tb.');
    await menu('Copy path for Lab');
    expect(opened).toHaveBeenCalledTimes(1);
    await click(run('digits-1').querySelector('[aria-haspopup=menu]'));
    expect(root.querySelector('[role=menu]')?.textContent).not.toContain('W&B');
    opened.mockRestore();
    vi.unstubAllGlobals();
  });

  it('sets a learning rate in the row', async () => {
    await open();
    await click(run('vit-tiny').querySelector('[aria-haspopup=menu]'));
    await click(item('Set learning rate…'));
    const form = root.querySelector('form') as HTMLFormElement;
    const input = form.querySelector('input') as HTMLInputElement;
    const enter = (text: string) =>
      act(async () => {
        input.value = text;
        input.dispatchEvent(new InputEvent('input', { bubbles: true }));
        await Promise.resolve();
      });
    await enter('fast');
    expect(input.getAttribute('aria-invalid')).toBe('true');
    await enter('3e-4');
    await act(() => void form.dispatchEvent(new SubmitEvent('submit', { cancelable: true })));
    expect(studio.asked).toEqual([{ id: 'R9', verb: 'set', args: { learning_rate: 3e-4 } }]);
  });
});

describe('the keyboard', () => {
  it('moves among heads and runs, opens, selects and folds', async () => {
    await open();
    await act(() => grid().focus());
    expect(active()?.textContent).toContain('Running');
    await press('ArrowDown');
    expect(active()).toBe(run('vit-tiny'));
    await press('Enter');
    expect(said).toEqual(['open R9']);
    await press(' ');
    expect(run('vit-tiny').getAttribute('aria-selected')).toBe('true');
    await press('Escape');
    expect(root.querySelector('[aria-selected=true]')).toBeNull();
    await press('ArrowLeft');
    expect(active()?.getAttribute('aria-expanded')).toBe('false');
    expect(runs()).toHaveLength(4);
    await press('ArrowDown');
    expect(active()?.textContent).toContain('Paused');
    await press('F10', { shiftKey: true });
    await press('Delete');
    expect(runs()).toHaveLength(4);
    await press('Enter');
    expect(runs()).toHaveLength(3);
    await press(' ');
    await press('End');
    expect(active()).toBe(run('digits-4'));
    await press('Home');
    await press('ArrowRight');
    expect(runs()).toHaveLength(6);
  });

  it('stays on its run when others come and go', async () => {
    await open();
    await act(() => grid().focus());
    await press('End');
    await act(() => studio.tell([row(10, 'running'), row(11, 'failed')], ['R6']));
    expect(active()).toBe(run('digits-4'));
  });

  it('deletes after asking once, in place', async () => {
    await open();
    await act(() => grid().focus());
    await press('End');
    await press('Delete');
    expect(root.querySelector('.dlt-ask')?.textContent).toContain('Delete digits-4?');
    expect(document.activeElement?.textContent).toContain('Delete');
    await press('Escape', {}, document.activeElement as Element);
    expect(root.querySelector('.dlt-ask')).toBeNull();
    expect(document.activeElement).toBe(grid());
    expect(studio.asked).toEqual([]);
    await press('Delete');
    await click(button('Delete'));
    expect(studio.asked).toEqual([{ id: 'R4', verb: 'delete', args: {} }]);
    await act(() => studio.tell([], ['R4']));
    expect(runs()).toHaveLength(5);
  });

  it('deletes at once where nobody wants to be asked', async () => {
    await open(RUNS, 'en', () => undefined, { confirmDelete: false });
    await act(() => grid().focus());
    await press('End');
    await press('Delete');
    expect(root.querySelector('.dlt-ask')).toBeNull();
    expect(studio.asked).toEqual([{ id: 'R4', verb: 'delete', args: {} }]);
  });

  it('doesn’t delete what trains', async () => {
    await open();
    await act(() => grid().focus());
    await press('ArrowDown');
    await press('Delete');
    expect(root.querySelector('.dlt-ask')).toBeNull();
  });

  it('opens the menu, and gets the focus back from it', async () => {
    await open();
    await act(() => grid().focus());
    await press('ArrowDown');
    await press('F10', { shiftKey: true });
    expect(document.activeElement?.textContent).toBe('Open');
    await press('Escape', {}, document.activeElement as Element);
    expect(root.querySelector('[role=menu]')).toBeNull();
    expect(document.activeElement).toBe(grid());
  });

  it('leaves keys with Ctrl to the application', async () => {
    await open();
    await act(() => grid().focus());
    const event = new KeyboardEvent('keydown', {
      key: 'ArrowDown',
      ctrlKey: true,
      cancelable: true,
      bubbles: true
    });
    await act(() => void grid().dispatchEvent(event));
    expect(event.defaultPrevented).toBe(false);
  });
});

describe('the gauges', () => {
  it('say how busy the machine is', async () => {
    await open();
    expect(root.textContent).toContain('Measuring');
    const gpu = { name: 'H200', percent: 87, memory_bytes: 61.3e9, memory_total_bytes: 150.8e9 };
    const load = {
      host: 'lab-3',
      cpu_percent: 37.4,
      cores: 8,
      memory_bytes: 11.2e9,
      memory_total_bytes: 16.6e9,
      gpus: [gpu, { ...gpu, percent: null }]
    };
    await act(() => studio.resources.forEach(tell => void tell(load)));
    const meters = [...root.querySelectorAll('[role=meter]')];
    expect(
      meters.map(meter => [meter.getAttribute('aria-label'), meter.getAttribute('aria-valuetext')])
    ).toEqual([
      ['CPU', '37 %'],
      ['Memory', '11/17 GB'],
      ['GPU 0', '87 %'],
      ['GPU 0, Memory', '61/151 GB'],
      ['GPU 1', '–'],
      ['GPU 1, Memory', '61/151 GB']
    ]);
  });
});

describe('unmounting', () => {
  it('leaves nothing behind', async () => {
    await open();
    await click(run('vit-tiny').querySelector('[aria-label=Pause]'));
    await act(() => unmount());
    expect(root.children).toHaveLength(0);
    expect(studio.listeners.size + studio.resources.size + studio.connections.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
