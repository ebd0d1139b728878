// A page that shows widgets without JupyterLab, as VS Code and Colab do: a widget manager that knows the kernel's comms
// and nothing else. Its look, and which page it stands for, are the business of whoever serves it.

import '@jupyter-widgets/controls/css/labvariables.css';
import * as base from '@jupyter-widgets/base';
import { HTMLManager } from '@jupyter-widgets/html-manager/lib/htmlmanager';
import {
  type Kernel,
  KernelAPI,
  KernelConnection,
  type KernelMessage,
  ServerConnection
} from '@jupyterlab/services';

const WIDGET = 'application/vnd.jupyter.widget-view+json';

type Factory = (...modules: unknown[]) => unknown;

/** Loads a package of widgets as such pages do: the script that it brings for them, whatever that defines. */
async function fetchPackage(name: string): Promise<unknown> {
  const defined = new Promise(resolve => {
    Object.assign(window, {
      define: Object.assign((_needs: string[], make: Factory) => resolve(make(base)), { amd: {} })
    });
  });
  const script = document.createElement('script');
  script.src = `packages/${name}/index.js`;
  document.head.append(script);
  return await defined;
}

const packages = new Map<string, Promise<unknown>>();

function loadPackage(name: string): Promise<unknown> {
  const loaded = packages.get(name) ?? fetchPackage(name);
  packages.set(name, loaded);
  return loaded;
}

class Manager extends HTMLManager {
  constructor(private readonly kernel: Kernel.IKernelConnection) {
    super({ loader: loadPackage });
    kernel.registerCommTarget(this.comm_target_name, (comm, opened) => {
      void this.handle_comm_open(new base.shims.services.Comm(comm), opened);
    });
  }

  override async _create_comm(target: string, id: string, data?: unknown, metadata?: unknown) {
    const comm = this.kernel.createComm(target, id);
    if (data !== undefined) {
      comm.open(data as never, metadata as never);
    }
    return new base.shims.services.Comm(comm) as never;
  }

  override async _get_comm_info(): Promise<object> {
    const { content } = await this.kernel.requestCommInfo({ target_name: this.comm_target_name });
    return content.status === 'ok' ? content.comms : {};
  }
}

/** Shows what a cell gives, each output in an element of its own. */
class Cell {
  private readonly named = new Map<string, HTMLElement>();

  constructor(
    private readonly manager: Manager,
    private readonly element: HTMLElement
  ) {}

  async take(message: KernelMessage.IIOPubMessage): Promise<void> {
    const { content } = message as KernelMessage.IDisplayDataMsg;
    const kind = message.header.msg_type;
    if (kind === 'stream' || kind === 'error') {
      this.place().textContent = JSON.stringify(content);
    } else if (kind === 'display_data' || kind === 'update_display_data' || kind === 'execute_result') {
      const id = content.transient?.display_id;
      const place = (id && this.named.get(id)) || this.place();
      if (id) {
        this.named.set(id, place);
      }
      await this.show(content.data, place);
    }
  }

  private place(): HTMLElement {
    const around = document.createElement('div');
    around.className = 'output_container';
    const place = document.createElement('div');
    around.append(place);
    this.element.append(around);
    return place;
  }

  private async show(data: Record<string, unknown>, place: HTMLElement): Promise<void> {
    const widget = data[WIDGET] as { model_id: string } | undefined;
    if (widget !== undefined) {
      place.className = 'cell-output-ipywidget-background';
      const model = await this.manager.get_model(widget.model_id);
      await this.manager.display_view(this.manager.create_view(model), place);
    } else if (typeof data['text/html'] === 'string') {
      place.innerHTML = data['text/html'];
    } else {
      place.textContent = String(data['text/plain'] ?? '');
    }
  }
}

/** Starts a kernel; what comes back runs a cell of it and gives its end. */
async function start(baseUrl: string, token: string): Promise<(code: string) => Promise<string>> {
  const serverSettings = ServerConnection.makeSettings({
    baseUrl,
    wsUrl: baseUrl.replace(/^http/, 'ws'),
    token,
    appendToken: true
  });
  // No manager: that would ask the server for its kernels every few seconds.
  const model = await KernelAPI.startNew({ name: 'python3' }, serverSettings);
  const kernel = new KernelConnection({ model, serverSettings });
  const manager = new Manager(kernel);
  let shown: Promise<void> = Promise.resolve();
  return async code => {
    const element = document.createElement('section');
    document.querySelector('#container, #output-area')?.append(element);
    const cell = new Cell(manager, element);
    // What a run says later still belongs to the cell.
    const future = kernel.requestExecute({ code }, false);
    future.onIOPub = message => {
      shown = shown.then(() => cell.take(message));
    };
    const { content } = await future.done;
    await shown;
    return content.status;
  };
}

Object.assign(window, { start });
