import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { count, share, wholePercent } from '../../model/format';
import { type Shown, asConfusion, type totals } from '../model/cells';
import type { Cell } from '../model/evaluations';
import type { EvaluationWords } from '../words/evaluation';
import { ClassMatrix } from './class-matrix';
import { MatrixTable } from './matrix-table';

/** Up to so many classes every cell is an element of its own; beyond, one canvas draws them all. */
const TABLE_LIMIT = 20;

export interface Matrix {
  epoch: number;
  labels: string[];
  counts: Int32Array;
}

interface MatrixProps {
  matrix: Matrix;
  sums: ReturnType<typeof totals>;
  shown: Shown;
  marked: Cell | null;
  words: EvaluationWords;
  onPick: (cell: Cell) => void;
}

/** What was taken for what. */
export function ConfusionMatrix({ matrix, sums, shown, marked, words, onPick }: MatrixProps): JSX.Element {
  const { labels, counts, epoch } = matrix;
  const small = labels.length <= TABLE_LIMIT;
  const confusion = useMemo(
    () => (small ? asConfusion(counts, labels, epoch) : null),
    [small, counts, labels, epoch]
  );
  if (confusion !== null) {
    return (
      <MatrixTable
        confusion={confusion}
        shown={shown}
        marked={marked}
        onPick={onPick}
        label={words.matrixKeys}
      />
    );
  }
  const value = ({ truth, predicted }: Cell) => counts[truth * labels.length + predicted] ?? 0;
  const whole = ({ truth, predicted }: Cell) =>
    (shown === 'columns' ? sums.columns[predicted] : sums.rows[truth]) ?? 0;
  return (
    <ClassMatrix
      counts={counts}
      labels={labels}
      sums={sums}
      shown={shown}
      marked={marked}
      write={at => (shown === 'counts' ? count(value(at)) : wholePercent(value(at), whole(at)))}
      describe={at => {
        const { truth, predicted } = at;
        const of = shown === 'columns' ? words.ofColumn : words.ofRow;
        const what = words.cell(labels[truth] ?? String(truth), labels[predicted] ?? String(predicted));
        return `${what}: ${count(value(at))} (${share(value(at), whole(at))} ${of})`;
      }}
      onPick={onPick}
      words={words}
    />
  );
}
