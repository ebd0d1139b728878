import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Confusion, Memory, Snapshot } from '../contract';
import { count, share } from '../model/format';
import { hits, mostConfused, rowTotals } from '../model/matrix';
import { Empty } from './button';
import { Choice } from './chart-settings';
import { useChoice } from './hooks';
import { MatrixCanvas } from './matrix-canvas';
import type { Shown } from './matrix-grid';
import { MatrixTable } from './matrix-table';

/** Up to so many classes every cell is an element of its own; beyond, one canvas draws them all. */
const TABLE_LIMIT = 40;

/** What the last validation took for what. */
export function ConfusionTab({ memory, snapshot }: { memory: Memory; snapshot: Snapshot }): JSX.Element {
  const [chosen, setShown] = useChoice(memory, 'confusion', 'counts');
  const shown: Shown = chosen === 'shares' ? 'shares' : 'counts';
  const { confusion } = snapshot;
  // The same element as long as the matrix is the same: a thousand cells are not compared at each refresh.
  const matrix = useMemo(
    () =>
      confusion === null ? null : confusion.labels.length <= TABLE_LIMIT ? (
        <MatrixTable confusion={confusion} shown={shown} />
      ) : (
        <MatrixCanvas confusion={confusion} shown={shown} />
      ),
    [confusion, shown]
  );
  if (confusion === null) {
    return <Empty title="No confusion matrix.">A classifier has one after its first validation.</Empty>;
  }
  return (
    <div class="dlt-confusion">
      <div class="dlt-settings">
        <Score confusion={confusion} />
        <span class="dlt-spring" />
        <Choice
          label="Cells show"
          value={shown}
          options={[
            ['counts', 'Counts', false],
            ['shares', 'Row %', false]
          ]}
          onChoose={setShown}
        />
      </div>
      <div class="dlt-confusion-body">
        {matrix}
        <Worst confusion={confusion} />
      </div>
    </div>
  );
}

function Score({ confusion }: { confusion: Confusion }): JSX.Element {
  const { right, all } = hits(confusion);
  return (
    <span>
      Epoch {count(confusion.epoch)}: <b>{count(right)}</b> of {count(all)} right ({share(right, all)})
    </span>
  );
}

function Worst({ confusion }: { confusion: Confusion }): JSX.Element {
  const pairs = mostConfused(confusion, 6);
  const totals = rowTotals(confusion);
  const name = (i: number) => confusion.labels[i] ?? String(i);
  return (
    <div class="dlt-worst">
      <h4>Most often confused</h4>
      {pairs.length === 0 ? (
        <p class="dlt-muted">Nothing: every example was right.</p>
      ) : (
        <ol>
          {pairs.map(({ truth, predicted, count: times }) => (
            <li key={`${truth} ${predicted}`}>
              <span class="dlt-pair">
                <b>{name(truth)}</b> as <b>{name(predicted)}</b>
              </span>
              <span class="dlt-muted">
                {count(times)} of {count(totals[truth])}
              </span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
