import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Snapshot } from '../../src/contract';
import type { TabId } from '../../src/panel/panel';
import { mountRun } from '../../src/studio/run-tab';
import { parseEpochs } from '../../src/studio/train-longer';
import { closeMatch } from '../../src/studio/unknown-run';
import { type TestClient, control, snapshot, tracker } from '../snapshot';
import type { StudioHost } from '../../src/studio/contract';
import { TestStudio, button, row, settle, testHost } from './client';

let root: HTMLElement;
let studio: TestStudio;
let host: ReturnType<typeof testHost>;
let unmount: () => void;

async function open(
  shown: Snapshot | null,
  tab: TabId = 'checkpoints',
  language = 'en',
  wishes: Partial<StudioHost> = {}
): Promise<void> {
  studio = new TestStudio(shown === null ? [] : [shown]);
  studio.rows = [row('R7', 'digits-cnn')];
  host = { ...testHost(language), ...wishes };
  const memory = { get: () => undefined, set: () => undefined };
  await act(async () => {
    unmount = mountRun(root, studio, 'R1', host, { memory, tab });
    await settle();
  });
}

const click = (label: string) =>
  act(async () => {
    button(root, label).click();
    await settle();
  });
const choose = async (label: string) => {
  await click('More');
  await act(async () => {
    const item = [...root.querySelectorAll<HTMLElement>('[role=menuitem]')].find(
      other => other.textContent === label
    );
    item?.click();
    await settle();
  });
};
const menu = async () => {
  await click('More');
  return [...root.querySelectorAll('[role=menuitem]')].map(item => item.textContent);
};

const completed = () =>
  snapshot({
    run: { ...snapshot().run, state: 'completed' },
    progress: { ...snapshot().progress, epoch: 20, phase: 'ended' },
    allowed: ['delete'],
    config: 'name: digits-cnn\nlearning_rate: 0.001\n'
  });

beforeEach(() => {
  // happy-dom has no top layer.
  HTMLElement.prototype.showPopover = () => undefined;
  root = document.createElement('div');
  document.body.append(root);
});
afterEach(() => {
  unmount();
  root.remove();
});

describe('a run in a tab', () => {
  it('does not fold, and offers what a cell cannot', async () => {
    await open(snapshot());
    expect(root.querySelector('.dlt-fold')).toBeNull();
    expect(await menu()).toEqual([
      'Suspend',
      'Set learning rate…',
      'Copy run id',
      'Change settings…',
      'New run with these settings…',
      'Insert code into notebook',
      'Delete…'
    ]);
  });

  it('says in the person’s language where the run is tracked', async () => {
    await open(snapshot({ trackers: [tracker({ state: 'behind', message: 'Está fora.' })] }), 'log', 'pt-BR');
    const badge = root.querySelector<HTMLAnchorElement>('a.dlt-tracker');
    expect(badge?.textContent).toBe('MLflow (atrasado)');
    expect(badge?.title).toMatch(/^MLflow: atrasado desde .*, 12,000 passos enviados. Está fora.$/);
  });

  it('changes settings of a live run, those that are another only', async () => {
    await open(snapshot());
    await choose('Change settings…');
    const input = (name: string) => root.querySelector<HTMLInputElement>(`input[name="${name}"]`);
    const type = (name: string, text: string) =>
      act(() => {
        const field = input(name);
        if (field !== null) {
          field.value = text;
        }
        field?.dispatchEvent(new Event('input', { bubbles: true }));
      });
    expect(input('learning_rate')?.value).toBe('0.001');
    expect(button(root, 'Set').getAttribute('aria-disabled')).toBe('true');
    await type('epochs', '2.5');
    expect(button(root, 'Set').getAttribute('aria-disabled')).toBe('true');
    expect(root.textContent).toContain('a whole number above 0');
    await type('epochs', '30');
    await type('checkpoint.every_seconds', '');
    const followed = studio.followed.get('R1') as TestClient;
    followed.answer = () => Promise.reject(new Error('Can’t set epochs to 30.'));
    await click('Set');
    expect(root.querySelector('[role=alert]')?.textContent).toContain('Can’t set epochs to 30.');
    expect(input('epochs')?.value).toBe('30');
    followed.answer = () => Promise.resolve({ id: 1 });
    await click('Set');
    const change = { verb: 'set', args: { epochs: 30, 'checkpoint.every_seconds': null } };
    expect(followed.asked).toEqual([change, change]);
    expect(input('epochs')).toBeNull();
  });

  it('closes the form when the run has ended', async () => {
    await open(snapshot());
    await choose('Change settings…');
    await act(() => studio.followed.get('R1')?.tell(completed()));
    expect(root.querySelector('.dlt-live-settings')).toBeNull();
  });

  it('inserts code and begins a new run through the application', async () => {
    await open(completed());
    await choose('Insert code into notebook');
    await choose('New run with these settings…');
    expect(host.told).toEqual([{ insert: 'R1' }, { create: completed().config }]);
  });

  it('offers to delete only what has ended', async () => {
    await open(snapshot());
    await choose('Delete…');
    expect(root.textContent).not.toContain('with its history and checkpoints?');
    expect(studio.asked).toEqual([]);
  });

  it('is deleted after it was asked once, and says so', async () => {
    await open(completed());
    await choose('Delete…');
    expect(studio.asked).toEqual([]);
    await click('Delete');
    expect(studio.asked).toEqual([{ id: 'R1', verb: 'delete', args: {} }]);
    expect(root.textContent).toContain('This run was deleted.');
    await click('New run with its settings');
    expect(host.told).toEqual([{ create: completed().config }]);
  });

  it('is deleted at once where nobody wants to be asked', async () => {
    await open(completed(), 'checkpoints', 'en', { confirmDelete: false });
    await choose('Delete…');
    expect(studio.asked).toEqual([{ id: 'R1', verb: 'delete', args: {} }]);
  });

  it('stays when deleting is refused, and says why', async () => {
    await open(completed());
    studio.answer = () => Promise.reject(new Error('Its files are on another host.'));
    await choose('Delete…');
    await click('Delete');
    expect(root.querySelector('[role=alert]')?.textContent).toContain('Its files are on another host.');
    expect(root.querySelector('.dlt-name')?.textContent).toBe('digits-cnn');
  });

  it('notices that somebody else deleted it', async () => {
    await open(completed());
    await act(() => studio.tell(['R1']));
    expect(root.textContent).toContain('This run was deleted.');
    unmount();
    await open(completed());
    await act(() => studio.followed.get('R1')?.become('disconnected'));
    expect(root.textContent).toContain('This run was deleted.');
  });

  it('trains longer, with more epochs than it has', async () => {
    await open(completed());
    await click('Train longer…');
    const input = root.querySelector('input');
    expect(input?.value).toBe('40');
    await act(() => {
      if (input !== null) {
        input.value = '20';
        input.dispatchEvent(new Event('input', { bubbles: true }));
      }
    });
    await click('Go on');
    expect(studio.followed.get('R1')?.asked).toEqual([]);
    await act(() => {
      if (input !== null) {
        input.value = '50';
        input.dispatchEvent(new Event('input', { bubbles: true }));
      }
    });
    await click('Go on');
    expect(studio.followed.get('R1')?.asked).toEqual([{ verb: 'resume', args: { epochs: 50 } }]);
  });

  it('clones from a checkpoint with changed settings, and opens the clone', async () => {
    await open(completed());
    await click('Clone');
    await click('Change settings…');
    expect(root.querySelector('.dlt-clone-title')?.textContent).toContain('weights of step 1,080');
    const field = root.querySelector('textarea');
    await act(async () => {
      if (field !== null) {
        field.value = 'name: digits-cnn\nlearning_rate: 1e-4\n';
        field.dispatchEvent(new Event('input', { bubbles: true }));
      }
      await settle();
    });
    expect(root.querySelector('.dlt-clone-changes')?.textContent).toContain('learning_rate0.001 → 0.0001');
    await click('Start clone');
    const args = { step: 1080, changes: { learning_rate: 1e-4 } };
    expect(studio.asked).toEqual([{ id: 'R1', verb: 'clone', args }]);
    expect(host.told).toEqual([{ open: 'N1' }]);
    expect(root.querySelector('.dlt-clone')).toBeNull();
  });

  it('shows a change of the learning rate as what was asked, by whom, and what came of it', async () => {
    const set = {
      ...control(3, 'set', 'done', 'Learning rate set to 5e-4 from step 991.'),
      arguments: { learning_rate: 5e-4 },
      step: 990
    };
    await open(snapshot({ controls: [set] }), 'log');
    expect(root.querySelector('.dlt-log')?.textContent).toContain(
      'step 990Learning rate set to 5e-4 from step 991. set learning_rate=0.0005, asked by panel'
    );
  });

  it('speaks of the server, not of a kernel, when nobody answers', async () => {
    await open(snapshot());
    studio.state = 'disconnected';
    await act(() => studio.followed.get('R1')?.become('disconnected'));
    expect(root.querySelector('.dlt-banner')?.textContent).toContain('Not connected to the server.');
    expect(root.textContent).not.toContain('kernel is gone');
    expect(button(root, 'Pause').title).toBe('No connection to the server');
  });

  it('speaks the language of the application', async () => {
    await open(completed(), 'checkpoints', 'pt-BR');
    expect(button(root, 'Treinar mais…')).not.toBeNull();
  });

  it('leaves nothing behind', async () => {
    await open(snapshot());
    unmount();
    expect(root.childElementCount).toBe(0);
    expect(studio.closed).toEqual(['R1']);
  });
});

describe('a run that is not there', () => {
  it('says why, and offers those that may be meant', async () => {
    await open(null);
    await vi.waitFor(() => expect(root.querySelector('[role=alert]')).not.toBeNull());
    expect(root.querySelector('[role=alert]')?.textContent).toContain("Did you mean 'digits-cnn'?");
    await vi.waitFor(() => button(root, 'digits-cnn'));
    expect(studio.asked).toEqual([{ limit: 5, sort: 'newest', filter: 'digits-cnn' }]);
    await click('digits-cnn');
    expect(host.told).toEqual([{ open: 'R7' }]);
  });

  it('is not said of one that only takes its time', async () => {
    studio = new TestStudio([]);
    studio.state = 'disconnected';
    host = testHost();
    await act(async () => {
      unmount = mountRun(root, studio, 'R1', host);
      await settle();
    });
    expect(root.textContent).toContain('Not connected to the server.');
    expect(root.querySelector('[role=alert]')).toBeNull();
  });
});

describe('parseEpochs', () => {
  it.each([
    ['40', 40],
    [' 21 ', 21],
    ['20', null],
    ['-3', null],
    ['2.5e1', null],
    ['', null],
    ['99999999999999999999', null]
  ])('%s', (text, number) => {
    expect(parseEpochs(text, 20)).toBe(number);
  });
});

describe('closeMatch', () => {
  it('finds the name an error suggests', () => {
    expect(closeMatch("No run has the name or id 'x'. Did you mean 'digits cnn'? Known: a.")).toBe(
      'digits cnn'
    );
    expect(closeMatch("No run has the name or id 'x'.")).toBeNull();
  });
});
