import type { ILayoutRestorer } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { runsIcon } from './icon';
import { COMMANDS, type Studio } from './studio';
import { type Mount, View } from './view';

type Tab = MainAreaWidget<View>;

/** What makes a tab: the name it is found again by, what its command needs to restore it, its title, its view. */
interface Plan {
  id: string;
  args: ReadonlyPartialJSONObject;
  label: string;
  load: () => Promise<Mount>;
}

/** The studio's tabs in the main area. One stands for each run, each comparison; they come back with the layout. */
export class Tabs {
  readonly #studio: Studio;
  readonly #runs = new WidgetTracker<Tab>({ namespace: 'dltrainer-run' });
  readonly #comparisons = new WidgetTracker<Tab>({ namespace: 'dltrainer-compare' });
  readonly #forms = new WidgetTracker<Tab>({ namespace: 'dltrainer-new-run' });
  /** What each tab's command needs. */
  readonly #args = new WeakMap<Tab, ReadonlyPartialJSONObject>();

  constructor(studio: Studio, restorer: ILayoutRestorer | null) {
    this.#studio = studio;
    const args = (tab: Tab) => this.#args.get(tab) ?? {};
    const name = (tab: Tab) => tab.id;
    void restorer?.restore(this.#runs, { command: COMMANDS.openRun, args, name });
    void restorer?.restore(this.#comparisons, { command: COMMANDS.compareRuns, args, name });
    void restorer?.restore(this.#forms, { command: COMMANDS.newRun, args, name });
  }

  /** Draws what is open anew: another language was chosen. */
  redraw(): void {
    for (const tracker of [this.#runs, this.#comparisons, this.#forms]) {
      tracker.forEach(tab => {
        tab.content.redraw();
      });
    }
  }

  /** Shows a run; under its name once that is known. */
  run(id: string, name: string | undefined): Tab {
    const studio = this.#studio;
    const tab = this.#show(this.#runs, {
      id: `dltrainer-run-${id}`,
      args: name === undefined ? { id } : { id, name },
      label: name ?? id.slice(0, 8),
      load: async () => {
        const [{ mountRun }, client] = await Promise.all([import('../studio/run-tab'), studio.client()]);
        return element => {
          const unmount = mountRun(element, client, id, studio.host());
          // The client asks the server once, however many follow a run.
          const run = client.run(id);
          run.subscribe(snapshot => {
            if (tab.title.label !== snapshot.run.name) {
              tab.title.label = snapshot.run.name;
              this.#keep(this.#runs, tab, { id, name: snapshot.run.name });
            }
          });
          return () => {
            run.close();
            unmount();
          };
        };
      }
    });
    return tab;
  }

  /** Shows several runs on one chart. */
  comparison(ids: string[]): Tab {
    const studio = this.#studio;
    let shown = ids;
    const tab = this.#show(this.#comparisons, {
      id: `dltrainer-compare-${[...ids].sort().join('-')}`,
      args: { ids },
      label: studio.words.compare(ids.length),
      async load() {
        const [{ mountCompare }, client] = await Promise.all([import('../studio/compare'), studio.client()]);
        return element => mountCompare(element, client, shown, studio.host(), { onIds });
      }
    });
    // A person may add runs to the comparison and take some out.
    const onIds = (chosen: string[]) => {
      shown = chosen;
      tab.title.label = studio.words.compare(chosen.length);
      this.#keep(this.#comparisons, tab, { ids: chosen });
    };
    return tab;
  }

  /** Lets a person begin a new run, from this YAML if there is some. */
  form(yaml: string | undefined): Tab {
    const studio = this.#studio;
    // Drawn anew, as once the person's settings are known, it says what was written in it.
    let written = yaml;
    const onText = (text: string) => {
      written = text;
    };
    return this.#show(this.#forms, {
      id: 'dltrainer-new-run',
      args: {},
      label: studio.words.newRun,
      async load() {
        const [{ mountCreate }, client] = await Promise.all([import('../studio/create'), studio.client()]);
        return element => mountCreate(element, client, written, studio.host(), { onText });
      }
    });
  }

  /** Remembers what brings a tab back after a reload. */
  #keep(tracker: WidgetTracker<Tab>, tab: Tab, args: ReadonlyPartialJSONObject): void {
    this.#args.set(tab, args);
    void tracker.save(tab);
  }

  #show(tracker: WidgetTracker<Tab>, { id, args, label, load }: Plan): Tab {
    const { shell } = this.#studio.app;
    let tab = tracker.find(open => open.id === id);
    if (tab === undefined) {
      tab = new MainAreaWidget({ content: new View(load, () => this.#studio.words) });
      tab.id = id;
      tab.title.label = label;
      tab.title.icon = runsIcon;
      tab.title.closable = true;
      tab.toolbar.hide();
      this.#args.set(tab, args);
      shell.add(tab, 'main');
      void tracker.add(tab);
    }
    shell.activateById(id);
    return tab;
  }
}
