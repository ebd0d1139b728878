import type { JupyterFrontEnd } from '@jupyterlab/application';
import { type INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import type { ITranslator } from '@jupyterlab/translation';
import type { StudioClient, StudioHost } from '../studio/contract';
import { type LabWords, labWords } from '../words/lab';
import { insertCode, reattachingCode } from './notebook-code';
import type { Preferences } from './preferences';

/** The commands' names, for everyone who adds them to something or executes one. */
export const COMMANDS = {
  showRuns: 'dltrainer:show-runs',
  newRun: 'dltrainer:new-run',
  openRun: 'dltrainer:open-run',
  compareRuns: 'dltrainer:compare-runs',
  insertCode: 'dltrainer:insert-code',
  pause: 'dltrainer:pause',
  resume: 'dltrainer:resume',
  suspend: 'dltrainer:suspend',
  stop: 'dltrainer:stop',
  checkpoint: 'dltrainer:checkpoint'
} as const;

export interface StudioParts {
  app: JupyterFrontEnd;
  notebooks: INotebookTracker | null;
  preferences: Preferences;
  translator: ITranslator | null;
}

/** What sidebar, tabs, commands and notifications share: the one client of the server, the words, the host. */
export class Studio {
  readonly app: JupyterFrontEnd;
  readonly preferences: Preferences;
  readonly #notebooks: INotebookTracker | null;
  readonly #translator: ITranslator | null;
  #client: Promise<StudioClient> | null = null;

  constructor({ app, notebooks, preferences, translator }: StudioParts) {
    this.app = app;
    this.preferences = preferences;
    this.#notebooks = notebooks;
    this.#translator = translator;
  }

  /** A language tag such as `pt-BR`. */
  get language(): string {
    return this.preferences.settings.language || (this.#translator?.languageCode ?? 'en').replace('_', '-');
  }

  get words(): LabWords {
    return labWords(this.language);
  }

  /** The client of this server, loaded and connected when it is first needed. */
  client(): Promise<StudioClient> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  /** What a view may ask of JupyterLab. */
  host(): StudioHost {
    const { commands } = this.app;
    const host: StudioHost = {
      open: id => void commands.execute(COMMANDS.openRun, { id }),
      compare: ids => void commands.execute(COMMANDS.compareRuns, { ids }),
      create: yaml => void commands.execute(COMMANDS.newRun, yaml === undefined ? {} : { yaml }),
      language: this.language
    };
    // What changes while a view stands: code can be inserted while a notebook is open.
    const insert = (id: string) => this.insertCode(id);
    return Object.defineProperties(host, {
      insertCode: { get: () => (this.hasNotebook ? insert : undefined) },
      confirmDelete: { get: () => this.preferences.settings.confirmDelete }
    });
  }

  get hasNotebook(): boolean {
    return this.#notebooks?.currentWidget != null;
  }

  /** Puts the code that shows a run into the notebook used last, and shows the notebook. */
  insertCode(id: string): void {
    const panel = this.#notebooks?.currentWidget;
    if (panel) {
      insertCode(reattachingCode(id), panel, NotebookActions);
      this.app.shell.activateById(panel.id);
    }
  }

  async #connect(): Promise<StudioClient> {
    try {
      const { connect } = await import('./client');
      return connect(this.app.serviceManager.serverSettings, this.language);
    } catch (error) {
      // The next one who asks tries again.
      this.#client = null;
      throw error;
    }
  }
}
