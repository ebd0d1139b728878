import type { Cell, Notebook, NotebookPanel } from '@jupyterlab/notebook';
import { expect, test } from 'vitest';
import { insertCode, reattachingCode } from '../../src/lab/notebook-code';

function cell(type: string, source: string): Cell {
  let text = source;
  return {
    model: {
      type,
      sharedModel: {
        getSource: () => text,
        setSource: value => {
          text = value;
        }
      }
    }
  };
}

/** A notebook as far as inserting needs one: the cells, and which is active. */
function notebook(cells: Cell[], active: number) {
  const content = {
    get activeCell() {
      return cells[active] ?? null;
    }
  } as Notebook;
  const insertBelow = () => {
    active += 1;
    cells.splice(active, 0, cell('code', ''));
  };
  return { panel: { content } as NotebookPanel, actions: { insertBelow } };
}

const sources = (cells: Cell[]) => cells.map(({ model }) => model.sharedModel.getSource());

test('the code loads the extension and shows the run', () => {
  expect(reattachingCode('abc')).toBe('%load_ext dltrainer_jupyter\n%dltrain panel abc');
});

test('an empty code cell takes the code', () => {
  const cells = [cell('code', 'x = 1'), cell('code', ' \n')];
  const { panel, actions } = notebook(cells, 1);
  insertCode('code', panel, actions);
  expect(sources(cells)).toEqual(['x = 1', 'code']);
});

test.each([cell('code', 'x = 1'), cell('markdown', '')])('nothing that is there is written over', active => {
  const cells = [active, cell('code', 'y = 2')];
  const before = sources(cells);
  const { panel, actions } = notebook(cells, 0);
  insertCode('code', panel, actions);
  expect(sources(cells)).toEqual([before[0], 'code', 'y = 2']);
});
