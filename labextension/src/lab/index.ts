import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';
import { addCommands, offerCommands } from './commands';
import { notifyOfEndings } from './notifications';
import { Preferences } from './preferences';
import { createSidebar, entitle } from './sidebar';
import { Studio } from './studio';
import { Tabs } from './tabs';

const ID = 'dltrainer-jupyter:studio';

/** JupyterLab's part of the studio. What draws and what talks to the server is loaded when it is needed. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Every training run in a sidebar, in tabs, in commands and in notifications.',
  autoStart: true,
  optional: [ICommandPalette, ILauncher, ILayoutRestorer, INotebookTracker, ISettingRegistry, ITranslator],
  activate(
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null,
    notebooks: INotebookTracker | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ): void {
    const preferences = new Preferences(registry, ID);
    const studio = new Studio({ app, notebooks, preferences, translator });
    const sidebar = createSidebar(studio);
    const tabs = new Tabs(studio, restorer);
    addCommands(studio, tabs, sidebar.id);
    offerCommands(palette, launcher);
    app.shell.add(sidebar, 'left', { rank: 500, type: 'DLTrainer' });
    restorer?.add(sidebar, sidebar.id);

    let language = studio.language;
    preferences.changed.connect(() => {
      entitle(sidebar, studio);
      if (studio.language !== language) {
        language = studio.language;
        sidebar.redraw();
        tabs.redraw();
      }
    });
    entitle(sidebar, studio);
    void begin(studio, sidebar.id);
  }
};

/** What waits until JupyterLab has begun. */
async function begin(studio: Studio, sidebarId: string): Promise<void> {
  const { app, preferences } = studio;
  await Promise.all([app.restored, preferences.ready]);
  if (preferences.settings.openAtStart) {
    app.shell.activateById(sidebarId);
  }
  let watching = false;
  const watch = () => {
    const { notifyFinished, notifyFailed } = preferences.settings;
    if (!watching && (notifyFinished || notifyFailed)) {
      watching = true;
      // A server without our extension has nothing to tell; the sidebar says what is wrong.
      notifyOfEndings(studio).catch(() => {
        watching = false;
      });
    }
  };
  preferences.changed.connect(watch);
  watch();
}

export default plugin;
