import { act } from 'preact/test-utils';
import { describe, expect, it, vi } from 'vitest';
import type { TrackerPlace } from '../../src/contract';
import { row } from '../rows';
import {
  RUNS,
  root,
  studio,
  unmount,
  said,
  kept,
  open,
  pass,
  grid,
  lines,
  runs,
  run,
  click,
  button,
  type
} from './opened-sidebar';

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
