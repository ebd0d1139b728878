import { keepKeys } from '../src/clients/shortcuts';
import '../src/insight/styles/sheets';
import { mountPanel } from '../src/mount';
import type { TabId } from '../src/panel/panel';
import { dress } from './dress';
import { FakeClient } from './fake-client';
import { SCENARIOS } from './scenarios';

/**
 * The development page. Its address chooses what it shows:
 * `?scenario=running&width=800&theme=dark&tab=log&live=0&lab=0`; without `scenario`, all of them.
 */
const query = dress();
const asked = query.get('scenario');
const tab = (query.get('tab') ?? 'curves') as TabId;
for (const [name, make] of Object.entries(SCENARIOS)) {
  if (asked === null || asked === name) {
    show(name, make);
  }
}

function show(name: string, make: (typeof SCENARIOS)[string]): void {
  const scenario = make();
  const client = new FakeClient(scenario);
  const frame = document.createElement('div');
  frame.className = 'frame';
  frame.style.width = `${query.get('width') ?? 800}px`;
  if (asked === null) {
    const heading = document.createElement('h2');
    heading.textContent = name;
    frame.append(heading);
  }
  document.body.append(frame);
  const choices = new Map<string, unknown>();
  mountPanel(frame, client, {
    insight: () => import('../src/insight/mount'),
    tab,
    memory: { get: key => choices.get(key), set: (key, value) => choices.set(key, value) }
  });
  keepKeys(frame);
  if (scenario.live === true && query.get('live') !== '0') {
    client.play();
  }
}
