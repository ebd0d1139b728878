import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import {
  type DifferenceUnit,
  type MatrixDifference,
  difference,
  mostChanged,
  sideOf,
  signed
} from '../../model/matrix-difference';
import type { SideWords } from '../words/sides';
import { DifferenceCanvas } from './difference-canvas';
import { MatrixTip, type Tip } from './matrix-tip';

/** Up to so many classes every cell is an element of its own; beyond, one canvas draws them all. */
const GRID_LIMIT = 30;

export interface DifferenceProps {
  found: MatrixDifference;
  unit: DifferenceUnit;
  words: SideWords;
}

/** Where one matrix is better and where it is worse than the other, and the cells that changed most. */
export function DifferenceMatrix(props: DifferenceProps): JSX.Element {
  const { found, unit, words: said } = props;
  const digits = unit === 'counts' ? 0 : 1;
  const worst = useMemo(() => mostChanged(found, 8), [found]);
  const name = (i: number) => found.labels[i] ?? String(i);
  return (
    <div class="dlt-confusion-body">
      {found.labels.length <= GRID_LIMIT ? <DifferenceGrid {...props} /> : <DifferenceCanvas {...props} />}
      <div class="dlt-worst">
        <p class="dlt-side-legend">
          <span data-side="worse">{said.worse}</span>
          <span data-side="better">{said.better}</span>
        </p>
        <h4>{said.mostChanged}</h4>
        {worst.length === 0 ? (
          <p class="dlt-muted">{said.nothingChanged}</p>
        ) : (
          <ol>
            {worst.map(({ truth, predicted, change, side }) => (
              <li key={`${truth} ${predicted}`}>
                <span class="dlt-pair">{said.pair(name(truth), name(predicted))}</span>
                <span class="dlt-change" data-side={side}>
                  {signed(change, digits)}
                  {unit === 'shares' ? ' %' : ''}
                </span>
              </li>
            ))}
          </ol>
        )}
      </div>
    </div>
  );
}

/** What a cell says in words. */
export function describeChange(
  { found, unit, words: said }: DifferenceProps,
  truth: number,
  predicted: number
): string {
  const value = found.cells[truth]?.[predicted] ?? 0;
  const text = signed(value, unit === 'counts' ? 0 : 1);
  const side = sideOf(value, truth === predicted);
  const [row, column] = [found.labels[truth] ?? String(truth), found.labels[predicted] ?? String(predicted)];
  return side === 'same' || text === ''
    ? said.cell(row, column, '0', said.unchanged)
    : said.cell(row, column, `${text}${unit === 'shares' ? ' %' : ''}`, said[side]);
}

function DifferenceGrid(props: DifferenceProps): JSX.Element {
  const { found, words: said } = props;
  const { labels, cells, most } = found;
  const [tip, setTip] = useState<Tip | null>(null);
  const classes = labels.length;
  const longest = Math.max(...labels.map(label => label.length));
  const tell = (event: Event) => {
    const cell =
      event.target instanceof HTMLElement ? event.target.closest<HTMLElement>('[data-cell]') : null;
    const outer = (event.currentTarget as HTMLElement).getBoundingClientRect();
    if (cell === null) {
      setTip(null);
      return;
    }
    const inner = cell.getBoundingClientRect();
    const left = inner.left + inner.width / 2 - outer.left;
    setTip({
      text: cell.getAttribute('aria-label') ?? '',
      left,
      top: inner.top - outer.top,
      flip: left > outer.width / 2
    });
  };
  return (
    <div class="dlt-matrix-frame" onPointerOver={tell} onPointerLeave={() => setTip(null)}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it. */}
      <div class="dlt-scroll" tabIndex={0} role="region" aria-label={said.caption}>
        <p class="dlt-matrix-axis">{said.predicted}</p>
        <table
          class="dlt-matrix dlt-matrix-change"
          data-dense={classes > 14}
          data-upright={longest > (classes > 6 ? 4 : 9)}
          style={{ '--dlt-classes': classes, '--dlt-most': classes > 6 ? '42px' : '76px' }}
        >
          <caption class="dlt-hidden">{said.caption}</caption>
          <thead>
            <tr>
              <td class="dlt-matrix-corner">
                <span>{said.true}</span>
              </td>
              {labels.map((label, i) => (
                <th scope="col" key={i} title={label}>
                  <span>{label}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {cells.map((row, truth) => (
              <tr key={truth}>
                <th scope="row" title={labels[truth]}>
                  <span>{labels[truth]}</span>
                </th>
                {row.map((value, predicted) => {
                  const { depth, tone } = difference(value, most);
                  return (
                    <td
                      key={predicted}
                      data-cell={`${truth},${predicted}`}
                      data-side={sideOf(value, truth === predicted)}
                      data-depth={tone}
                      style={{ '--dlt-depth': `${Math.round(100 * depth)}%` }}
                      aria-label={describeChange(props, truth, predicted)}
                    >
                      {signed(value, 0)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <MatrixTip tip={tip} />
    </div>
  );
}
