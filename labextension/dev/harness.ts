import { keepKeys } from '../src/clients/shortcuts';
import { mountPanel } from '../src/mount';
import type { TabId } from '../src/panel/panel';
import { FakeClient } from './fake-client';
import { SCENARIOS } from './scenarios';

/**
 * The development page. Its address chooses what it shows:
 * `?scenario=running&width=800&theme=dark&tab=log&live=0&lab=0`; without `scenario`, all of them.
 */
const query = new URLSearchParams(location.search);
const page = document.body;
page.dataset.jpThemeLight = String(query.get('theme') !== 'dark');
page.classList.toggle('lab', query.get('lab') !== '0');
if (query.get('lab') === '0') {
  // Outside Lab nothing says which theme it is but the system.
  delete page.dataset.jpThemeLight;
}

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
  page.append(frame);
  const choices = new Map<string, unknown>();
  mountPanel(frame, client, {
    tab,
    memory: { get: key => choices.get(key), set: (key, value) => choices.set(key, value) }
  });
  keepKeys(frame);
  if (scenario.live === true && query.get('live') !== '0') {
    client.play();
  }
}
