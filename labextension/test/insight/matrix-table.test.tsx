import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import { MatrixTable } from '../../src/insight/parts/matrix-table';

const confusion = {
  epoch: 2,
  labels: ['cat', 'dog'],
  matrix: [
    [140, 2],
    [0, 9]
  ]
};
const root = document.createElement('div');

afterEach(() => {
  render(null, root);
  root.remove();
});

async function open(shown: 'counts' | 'shares'): Promise<HTMLElement[]> {
  document.body.append(root);
  await act(() => render(<MatrixTable confusion={confusion} shown={shown} />, root));
  return [...root.querySelectorAll<HTMLElement>('[data-cell]')];
}

describe('MatrixTable', () => {
  it('shows counts or percentages of the row, and tells each cell in words', async () => {
    const cells = await open('counts');
    expect(cells.map(cell => cell.textContent)).toEqual(['140', '2', '', '9']);
    expect(cells[1]?.getAttribute('aria-label')).toBe('true cat predicted dog: 2 (1.4 %)');
    expect((await open('shares')).map(cell => cell.textContent)).toEqual(['99', '1', '', '100']);
  });

  it('is one stop for the Tab key that the arrows move, within the matrix', async () => {
    const cells = await open('counts');
    const press = (key: string) =>
      act(
        () => void document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
      );
    await act(() => cells[0]?.focus());
    await press('ArrowRight');
    await press('ArrowRight');
    expect(document.activeElement).toBe(cells[1]);
    expect(cells.map(cell => cell.tabIndex)).toEqual([-1, 0, -1, -1]);
    expect(root.querySelector('.dlt-tooltip')?.textContent).toBe('true cat predicted dog: 2 (1.4 %)');
    await press('ArrowDown');
    expect(document.activeElement).toBe(cells[3]);
  });
});
