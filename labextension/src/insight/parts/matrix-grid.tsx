import type { JSX } from 'preact';
import type { Confusion } from '../../contract';
import { count, share, wholePercent } from '../../model/format';
import { rowTotals, shade, strength } from '../../model/matrix';
import type { Shown } from '../model/cells';
import type { Cell } from '../model/evaluations';

export type { Shown } from '../model/cells';

/** The cells of a confusion matrix: rows are true classes, columns predicted ones. */
export function MatrixGrid(props: {
  confusion: Confusion;
  shown: Shown;
  marked?: Cell | null | undefined;
}): JSX.Element {
  const { confusion, shown, marked = null } = props;
  const { labels, matrix } = confusion;
  const classes = labels.length;
  const totals = rowTotals(confusion);
  const columns = shown === 'columns' ? columnTotals(confusion) : [];
  const biggest = Math.max(...totals, 1);
  const longest = Math.max(...labels.map(label => label.length));
  return (
    <table
      class="dlt-matrix"
      data-dense={classes > 14 || (shown === 'counts' && biggest > 9999)}
      data-upright={longest > (classes > 6 ? 4 : 9)}
      style={{ '--dlt-classes': classes, '--dlt-most': classes > 6 ? '42px' : '76px' }}
    >
      <caption class="dlt-hidden">Confusion matrix: rows are true classes, columns predicted ones</caption>
      <thead>
        <tr>
          <td class="dlt-matrix-corner">
            <span>true</span>
          </td>
          {labels.map((label, i) => (
            <th scope="col" key={i} title={label}>
              <span>{label}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {matrix.map((row, truth) => (
          <tr key={truth}>
            <th scope="row" title={labels[truth]}>
              <span>{labels[truth]}</span>
            </th>
            {row.map((value, predicted) => {
              const right = truth === predicted;
              const total = totals[truth] ?? 0;
              const whole = (shown === 'columns' ? columns[predicted] : total) ?? 0;
              const { depth, tone } = shade(
                strength(value, right && shown === 'counts' ? biggest : whole, right)
              );
              return (
                <td
                  key={predicted}
                  // One stop for the Tab key; arrow keys move it, see MatrixTable.
                  tabIndex={truth + predicted === 0 ? 0 : -1}
                  data-cell={`${truth},${predicted}`}
                  data-right={right}
                  data-marked={marked?.truth === truth && marked.predicted === predicted}
                  data-depth={tone}
                  style={{ '--dlt-depth': `${Math.round(100 * depth)}%` }}
                  aria-label={describeCell(confusion, truth, predicted, total)}
                >
                  {cellText(value, whole, shown)}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A cell in words: `true 3 predicted 8: 2 (1.4 %)`. */
export function describeCell(confusion: Confusion, truth: number, predicted: number, total: number): string {
  const { labels, matrix } = confusion;
  const value = matrix[truth]?.[predicted] ?? 0;
  return `true ${labels[truth] ?? truth} predicted ${labels[predicted] ?? predicted}: ${count(value)} (${share(value, total)})`;
}

function cellText(value: number, total: number, shown: Shown): string {
  if (value === 0) {
    return '';
  }
  return shown === 'counts' ? count(value) : wholePercent(value, total);
}

function columnTotals({ matrix }: Confusion): number[] {
  return (matrix[0] ?? []).map((_, column) => matrix.reduce((sum, row) => sum + (row[column] ?? 0), 0));
}
