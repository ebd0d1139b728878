import type { StudioHost } from '../src/studio/contract';
import { mountSidebar } from '../src/studio/sidebar';
import { FakeRuns } from './fake-runs';
import { START } from './recording';

const GB = 1e9;
const LAPTOP = {
  host: 'lab-3',
  cpu_percent: 37.4,
  cores: 8,
  memory_bytes: 11.2 * GB,
  memory_total_bytes: 16.6 * GB,
  gpus: []
};
const WORKSTATION = {
  ...LAPTOP,
  cores: 32,
  cpu_percent: 94.2,
  gpus: [
    { name: 'NVIDIA H200', percent: 87, memory_bytes: 61.3 * GB, memory_total_bytes: 150.8 * GB },
    { name: 'NVIDIA H200', percent: null, memory_bytes: 0.4 * GB, memory_total_bytes: 150.8 * GB }
  ]
};

/** What a state is made of: its server, and what a person then does. */
interface Scenario {
  client: FakeRuns;
  act?: (element: HTMLElement) => void;
}

const SCENARIOS: Record<string, () => Scenario> = {
  few: () => ({ client: served(9) }),
  many: () => ({ client: served(10_000) }),
  live: () => {
    const client = served(40);
    client.play();
    return { client };
  },
  gpus: () => {
    const client = served(40);
    client.resources = WORKSTATION;
    return { client };
  },
  empty: () => ({ client: served(0) }),
  loading: () => {
    const client = served(9);
    client.mute = true;
    client.resources = null;
    return { client };
  },
  error: () => {
    const client = served(9);
    client.refusal =
      'The store /home/ana/.dltrainer/runs.db is newer than this version. Upgrade with: pip install --upgrade dltrainer-jupyter.';
    return { client };
  },
  disconnected: () => ({ client: served(9, 'disconnected') }),
  silent: () => ({ client: served(9, 'silent') }),
  filtered: () => ({ client: served(40), act: element => type(element, 'state:completed val_accuracy>0.9') }),
  nomatch: () => ({ client: served(40), act: element => type(element, 'mobilenet') }),
  badfilter: () => ({ client: served(40), act: element => type(element, 'val_accuracy>high') }),
  selected: () => ({
    client: served(40),
    act: element =>
      later(element, () =>
        rows(element)
          .slice(1, 4)
          .map(row => click(row, { ctrlKey: true }))
      )
  }),
  menu: () => ({
    client: served(40),
    act: element => pick(element, 2, '[aria-haspopup]')
  }),
  pausing: () => ({ client: hanging(), act: element => pick(element, 1, '[aria-label=Pause]') }),
  refused: () => ({
    client: refusing(),
    act: element => pick(element, 1, '[aria-label=Pause]')
  }),
  keyboard: () => ({
    client: served(40),
    act: element => later(element, () => keys(element, ['ArrowDown', 'ArrowDown', 'ArrowDown']))
  }),
  deleting: () => ({
    client: served(40),
    act: element => later(element, () => keys(element, ['End', 'Delete']))
  }),
  rate: () => ({
    client: served(40),
    act: element => {
      pick(element, 2, '[aria-haspopup]');
      later(element, () =>
        requestAnimationFrame(() => element.querySelectorAll<HTMLElement>('[role=menuitem]')[5]?.click())
      );
    }
  }),
  tracked: () => ({ client: tracked(), act: element => pick(element, 1, '[aria-haspopup]') }),
  names: () => {
    const client = served(9);
    client.rows = client.rows.map((row, i) => ({
      ...row,
      name: [
        '<img src=x onerror=alert(1)>',
        'a-very-long-name-of-a-run-that-somebody-made-of-all-its-settings-lr-0.001-bs-64',
        'rótulos-médicos-日本語-🙂'
      ][i % 3] as string
    }));
    return { client };
  }
};

/** The list of runs in every state, as a sidebar of a page. */
export const LISTS = Object.fromEntries(
  Object.entries(SCENARIOS).map(([name, make]) => [
    `list-${name}`,
    (element: HTMLElement, host: StudioHost) => {
      // Ages are told from when the made runs were made.
      Date.now = () => START;
      element.style.height = '720px';
      const { client, act } = make();
      mountSidebar(element, client, host);
      act?.(element);
    }
  ])
);

function served(total: number, connection?: 'disconnected' | 'silent'): FakeRuns {
  const client = new FakeRuns(total, connection);
  client.resources = LAPTOP;
  return client;
}

/** Some runs that are tracked, the second in more than one place, of which one is out of reach. */
function tracked(): FakeRuns {
  const client = served(9);
  const mlflow = {
    label: 'MLflow',
    state: 'following',
    url: 'http://localhost:5000/#/experiments/3'
  } as const;
  const folder = '/home/ana/.dltrainer/R1/tensorboard';
  client.rows = client.rows.map((row, i) => ({
    ...row,
    trackers:
      i === 7
        ? [
            { ...mlflow, state: 'behind' },
            { label: 'TensorBoard', state: 'following', url: folder }
          ]
        : i % 2 === 0
          ? [{ ...mlflow, state: row.state === 'completed' ? 'delivered' : 'following' }]
          : []
  }));
  return client;
}

/** A trainer that takes requests and doesn't answer. */
function hanging(): FakeRuns {
  const client = served(40);
  client.act = () => new Promise(() => undefined);
  return client;
}

function refusing(): FakeRuns {
  const client = served(40);
  client.act = () =>
    Promise.reject(new Error('Can’t pause: its trainer runs on gpu-box-2, which doesn’t answer.'));
  return client;
}

/** Does something once there are rows. */
function later(element: HTMLElement, action: () => void): void {
  if (element.querySelector('.dlt-row-name') === null) {
    requestAnimationFrame(() => later(element, action));
  } else {
    action();
  }
}

function rows(element: HTMLElement): HTMLElement[] {
  return [...element.querySelectorAll<HTMLElement>('.dlt-row')];
}

function click(element: HTMLElement, init: MouseEventInit): void {
  element.dispatchEvent(new MouseEvent('click', { bubbles: true, ...init }));
}

function pick(element: HTMLElement, row: number, selector: string): void {
  later(element, () => rows(element)[row]?.querySelector<HTMLElement>(selector)?.click());
}

/** Presses one key after the other, each when the one before is seen. */
function keys(element: HTMLElement, [key, ...rest]: string[]): void {
  const grid = element.querySelector<HTMLElement>('[role=treegrid]');
  if (key !== undefined) {
    grid?.focus();
    grid?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    // Two frames: the second one has drawn what the first one's effects asked for.
    requestAnimationFrame(() => requestAnimationFrame(() => keys(element, rest)));
  }
}

function type(element: HTMLElement, text: string): void {
  later(element, () => {
    const input = element.querySelector('input');
    if (input !== null) {
      input.value = text;
      input.dispatchEvent(new InputEvent('input', { bubbles: true }));
    }
  });
}
