import type { Notebook, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';

/** The cell that shows a run again, in any kernel whose store is the run's. */
export function reattachingCode(id: string): string {
  return `%load_ext dltrainer_jupyter\n%dltrain panel ${id}`;
}

/**
 * Puts the code into the notebook used last: into its active cell if that is an empty one, else into a new cell
 * below.
 */
export function insertCode(
  code: string,
  panel: NotebookPanel,
  actions: Pick<typeof NotebookActions, 'insertBelow'>
): void {
  const notebook = panel.content;
  if (!isEmptyCodeCell(notebook)) {
    actions.insertBelow(notebook);
  }
  notebook.activeCell?.model.sharedModel.setSource(code);
}

function isEmptyCodeCell({ activeCell }: Notebook): boolean {
  return activeCell?.model.type === 'code' && activeCell.model.sharedModel.getSource().trim() === '';
}
