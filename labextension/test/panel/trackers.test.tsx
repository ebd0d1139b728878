import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FollowingTracker, Snapshot } from '../../src/contract';
import { mount } from '../../src/insight/mount';
import { RunModel } from '../../src/model/run-model';
import { Panel } from '../../src/panel/panel';
import { TestClient, snapshot, tracker } from '../snapshot';

let root: HTMLElement;
let client: TestClient;

async function open(first: Snapshot): Promise<void> {
  client = new TestClient(first);
  root = document.createElement('div');
  document.body.append(root);
  const memory = { get: () => undefined, set: () => undefined };
  const insight = () => Promise.resolve({ mount });
  const model = new RunModel(client);
  await act(() => render(<Panel model={model} memory={memory} insight={insight} tab="log" />, root));
}

const tracked = (...trackers: FollowingTracker[]) => snapshot({ trackers });
const badges = () => [...root.querySelectorAll<HTMLElement>('.dlt-tracker')];
const click = (element: HTMLElement | undefined) =>
  act(async () => {
    element?.click();
    await Promise.resolve();
  });
const said = () => root.querySelector('[role=status]')?.textContent;

afterEach(() => {
  vi.unstubAllGlobals();
  render(null, root);
  root.remove();
});

describe('the badges of trackers', () => {
  it('are none where nothing tracks the run, or nobody tells', async () => {
    const { trackers: _, ...older } = snapshot();
    await open(older);
    expect(badges()).toEqual([]);
    await act(() => client.tell(tracked()));
    expect(badges()).toEqual([]);
  });

  it('lead to the page of a tracker, in a tab of its own', async () => {
    await open(tracked(tracker()));
    const [badge] = badges();
    expect(badge?.tagName).toBe('A');
    expect(badge?.textContent).toBe('MLflow');
    expect(badge?.title).toBe('MLflow: 12,000 steps sent');
    expect(badge?.getAttribute('href')).toBe('http://localhost:5000/#/experiments/1');
    expect(badge?.getAttribute('target')).toBe('_blank');
    expect(badge?.getAttribute('rel')).toBe('noopener noreferrer');
  });

  it('change with the state', async () => {
    await open(tracked(tracker({ state: 'waiting' })));
    const [badge] = badges();
    expect(badge?.dataset.tracking).toBe('waiting');
    await act(() => client.tell(tracked(tracker({ state: 'behind', message: 'It is off.' }))));
    expect(badges()[0]).toBe(badge);
    expect(badge?.dataset.tracking).toBe('behind');
    expect(badge?.textContent).toBe('MLflow (behind)');
    expect(badge?.title).toContain('It is off.');
  });

  it.each(['javascript:alert(1)', 'file:///etc/passwd', '/runs/R1/tensorboard', 'data:text/html,x'])(
    'never link to %s, which they copy',
    async url => {
      const writeText = vi.fn(() => Promise.resolve());
      vi.stubGlobal('navigator', { clipboard: { writeText } });
      await open(tracked(tracker({ url })));
      expect(root.querySelector('[href]')).toBeNull();
      expect(badges()[0]?.title).toBe(`MLflow: 12,000 steps sent\n${url}`);
      await click(badges()[0]);
      expect(writeText).toHaveBeenCalledWith(url);
      expect(said()).toBe(`Copied ${url}.`);
      expect(root.querySelector('.dlt-status-text')?.textContent).toBe(`Copied ${url}.`);
    }
  );

  it('say what they can’t copy, and how far they are where there is no address', async () => {
    vi.stubGlobal('navigator', {});
    await open(tracked(tracker({ url: '/runs/tb' }), tracker({ name: 'wandb', label: 'W&B', url: null })));
    const [folder, none] = badges();
    await click(folder);
    expect(said()).toBe('/runs/tb');
    await click(none);
    expect(said()).toBe('W&B: 12,000 steps sent');
  });

  it('write names as text', async () => {
    await open(tracked(tracker({ label: '<img src=x onerror=alert(1)>', message: '<b>', state: 'behind' })));
    expect(root.querySelector('img')).toBeNull();
    expect(badges()[0]?.textContent).toBe('<img src=x onerror=alert(1)> (behind)');
  });
});
