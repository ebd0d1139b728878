import { act } from 'preact/test-utils';
import { describe, expect, it, vi } from 'vitest';
import type { TrackerPlace } from '../../src/contract';
import { row } from '../rows';
import { control, snapshot } from '../snapshot';
import {
  RUNS,
  root,
  studio,
  said,
  open,
  pass,
  grid,
  runs,
  run,
  active,
  press,
  click,
  button,
  item
} from './opened-sidebar';

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
