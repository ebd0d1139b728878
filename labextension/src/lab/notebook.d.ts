// What is used of @jupyterlab/notebook. The package itself would bring another 250 MB of packages into
// node_modules, diagrams and all, and at run time JupyterLab's own is taken in any case.
declare module '@jupyterlab/notebook' {
  import type { Token } from '@lumino/coreutils';
  import type { Widget } from '@lumino/widgets';

  export interface Cell {
    readonly model: {
      readonly type: string;
      readonly sharedModel: { getSource(): string; setSource(source: string): void };
    };
  }

  export interface Notebook extends Widget {
    readonly activeCell: Cell | null;
  }

  export interface NotebookPanel extends Widget {
    readonly content: Notebook;
  }

  /** Knows the notebooks that are open. */
  export interface INotebookTracker {
    /** The one used last, whether or not another tab lies over it now. */
    readonly currentWidget: NotebookPanel | null;
  }

  export const INotebookTracker: Token<INotebookTracker>;

  export const NotebookActions: {
    /** Adds an empty code cell below the active one and makes it the active one. */
    insertBelow(notebook: Notebook): void;
  };
}
