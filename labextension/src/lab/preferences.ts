import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { type ISignal, Signal } from '@lumino/signaling';

/** What a person set in JupyterLab's settings editor; `schema/studio.json` describes each and holds the defaults. */
export interface Settings {
  openAtStart: boolean;
  notifyFinished: boolean;
  notifyFailed: boolean;
  confirmDelete: boolean;
  /** A language tag, or nothing for JupyterLab's own. */
  language: string;
}

export const DEFAULTS: Settings = {
  openAtStart: false,
  notifyFinished: true,
  notifyFailed: true,
  confirmDelete: true,
  language: ''
};

/** The settings as they are now. Those of an application without a settings registry are the defaults. */
export class Preferences {
  /** Resolved once the person's settings are known. */
  readonly ready: Promise<void>;
  readonly #changed = new Signal<this, void>(this);
  #settings = DEFAULTS;

  constructor(registry: ISettingRegistry | null, plugin: string) {
    this.ready = registry ? this.#follow(registry, plugin) : Promise.resolve();
  }

  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  get settings(): Settings {
    return this.#settings;
  }

  async #follow(registry: ISettingRegistry, plugin: string): Promise<void> {
    const loaded = await registry.load(plugin);
    const read = () => {
      // The registry has checked them against the schema.
      this.#settings = { ...DEFAULTS, ...(loaded.composite as Partial<Settings>) };
      this.#changed.emit();
    };
    loaded.changed.connect(read);
    read();
  }
}
