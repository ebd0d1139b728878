import { render } from 'preact';
import './styles/whole-panel';
import type { Memory, RunClient } from './contract';
import type { LoadInsight } from './insight/contract';
import { browserMemory } from './model/memory';
import { RunModel } from './model/run-model';
import { Panel, type TabId } from './panel/panel';

export interface PanelOptions {
  /** Loads what shows what the model does. */
  insight: LoadInsight;
  memory?: Memory;
  /** The tab it opens on; Curves unless told. */
  tab?: TabId;
}

/**
 * Shows a run's panel inside an element, fed by a client; where the client gets its snapshots is its own
 * affair. Gives a function that takes the panel away again.
 */
export function mountPanel(element: HTMLElement, client: RunClient, options: PanelOptions): () => void {
  const root = document.createElement('div');
  root.className = 'dltrain-panel';
  element.append(root);
  const model = new RunModel(client);
  const { insight, memory = browserMemory(), tab } = options;
  render(<Panel model={model} memory={memory} insight={insight} tab={tab} />, root);
  return () => {
    render(null, root);
    model.close();
    root.remove();
  };
}
