import { EitherClient } from './clients/either-client';
import { insightSource } from './clients/insight-source';
import { followOnServer } from './clients/page-server';
import { keepKeys } from './clients/shortcuts';
import { WidgetClient, type WidgetModel } from './clients/widget-client';
import type { Memory, Snapshot } from './contract';
import { browserMemory } from './model/memory';
import { mountPanel } from './mount';

/** The entry anywidget calls for every view of the notebook's panel. */
function render({ model, el }: { model: WidgetModel; el: HTMLElement }): () => void {
  // Jupyter's widget manager marks a view whose comm was closed with this class.
  const kernel = new WidgetClient(model, () => el.closest('.jupyter-widgets-disconnected') !== null);
  const server = onServer(model);
  const client = new EitherClient(kernel, server);
  const unmount = mountPanel(el, client, {
    memory: widgetMemory(model),
    insight: insightSource(kernel, server)
  });
  const freeKeys = keepKeys(el);
  return () => {
    freeKeys();
    unmount();
    client.close();
  };
}

/** The run as the page's server has it, if it does. */
function onServer(model: WidgetModel): ReturnType<typeof followOnServer> {
  const snapshot = model.get('snapshot') as Snapshot | undefined;
  const store = model.get('store_uuid');
  return typeof store === 'string' && snapshot?.run !== undefined
    ? followOnServer(store, snapshot.run.id)
    : Promise.resolve(null);
}

/** The browser's memory; what is folded lies with the widget as well, if it has a place for it. */
function widgetMemory(model: WidgetModel): Memory {
  const memory = browserMemory();
  const folded = (): Record<string, unknown> => {
    const trait = model.get('collapsed');
    return typeof trait === 'object' && trait !== null ? { ...trait } : {};
  };
  return {
    get: key => folded()[key] ?? memory.get(key),
    set(key, value) {
      memory.set(key, value);
      if (key === 'folded' && model.get('collapsed') !== undefined) {
        model.set('collapsed', { ...folded(), [key]: value });
        model.save_changes();
      }
    }
  };
}

export default { render };
