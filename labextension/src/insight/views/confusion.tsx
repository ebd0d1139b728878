import type { JSX } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { count, share } from '../../model/format';
import { mostConfused } from '../../model/matrix';
import type { Task } from '../../contract';
import { Button, Empty } from '../../panel/button';
import { Choice } from '../../panel/chart-settings';
import { useChoice } from '../../panel/hooks';
import type { InsightProps } from '../contract';
import { type Shown, asConfusion, totals } from '../model/cells';
import { type Cell, useEvaluations } from '../model/evaluations';
import { EVERYTHING, keepFilter, lookingCheckpoint } from '../model/filters';
import { CellExamples } from '../parts/cell-examples';
import { ConfusionMatrix, type Matrix } from '../parts/confusion-matrix';
import { EpochSlider } from '../parts/epoch-slider';
import { Failure } from '../parts/states';
import { type EvaluationWords, evaluationWords } from '../words/evaluation';

/** What each validation took for what. */
export function ConfusionView(props: InsightProps): JSX.Element {
  const { client, memory, snapshot, language, onTab } = props;
  const words = evaluationWords(language);
  const evaluations = useEvaluations(props);
  const [chosen, setShown] = useChoice(memory, 'confusion', 'counts');
  const shown: Shown = chosen === 'shares' || chosen === 'columns' ? chosen : 'counts';
  const { epoch, labels, cell } = evaluations;
  const matrix = useMatrix(props, evaluations);
  const task = epoch === null ? undefined : evaluations.evaluation(epoch)?.summary?.task;
  // biome-ignore lint/correctness/useExhaustiveDependencies: with the labels it is known how large a matrix is.
  useEffect(() => {
    if (epoch !== null) {
      evaluations.wantMatrix(epoch);
    }
  }, [evaluations, epoch, labels]);

  const sums = useMemo(
    () => (matrix === null ? null : totals(matrix.counts, matrix.labels.length)),
    [matrix]
  );
  if (matrix === null || sums === null) {
    const error = epoch === null ? evaluations.error : evaluations.matrixError(epoch);
    return error !== null ? (
      <Failure
        error={error}
        words={words}
        onAgain={() => (epoch === null ? void evaluations.readNewest() : evaluations.wantMatrix(epoch))}
      />
    ) : !evaluations.known || (epoch !== null && labels.length > 0 && !evaluations.lacksMatrix(epoch)) ? (
      <Empty title={words.loading}>{null}</Empty>
    ) : (
      <Missing task={task} words={words} onMetrics={() => onTab('metrics')} />
    );
  }
  const late = epoch !== null && matrix.epoch !== epoch;
  return (
    <div class="dlt-confusion">
      <div class="dlt-settings">
        <EpochSlider evaluations={evaluations} words={words} />
        <span class="dlt-spring" />
        <Choice
          label={words.cells}
          value={shown}
          options={[
            ['counts', words.counts, false],
            ['shares', words.rows, false],
            ['columns', words.columns, false]
          ]}
          onChoose={setShown}
        />
      </div>
      <p class="dlt-score" role="status">
        {late ? (
          evaluations.lacksMatrix(epoch) ? (
            words.noMatrixAt(epoch)
          ) : (
            words.loading
          )
        ) : (
          <>
            {words.epoch} {count(matrix.epoch)}:{' '}
            {words.right(count(sums.right), count(sums.all), share(sums.right, sums.all))}
          </>
        )}
      </p>
      <div class="dlt-confusion-body" aria-busy={late}>
        <ConfusionMatrix
          matrix={matrix}
          sums={sums}
          shown={shown}
          marked={cell}
          words={words}
          onPick={picked => evaluations.pick(same(picked, cell) ? null : picked)}
        />
        <Worst matrix={matrix} sums={sums} words={words} onPick={picked => evaluations.pick(picked)} />
      </div>
      {cell === null ? (
        <p class="dlt-hint">{words.cellHint}</p>
      ) : (
        <CellExamples
          key={`${cell.truth} ${cell.predicted}`}
          client={client}
          cell={cell}
          epoch={epoch ?? matrix.epoch}
          labels={matrix.labels}
          empty={!late && matrix.counts[cell.truth * matrix.labels.length + cell.predicted] === 0}
          checkpoint={lookingCheckpoint(snapshot, epoch ?? matrix.epoch)}
          words={words}
          onClose={() => evaluations.pick(null)}
          onOpenAll={() => {
            keepFilter(client, { ...EVERYTHING, ...cell, sort: '-confidence' });
            onTab('examples');
          }}
        />
      )}
    </div>
  );
}

/** There is no matrix; of a task that never has one, there is something else. */
function Missing(props: {
  task: Task | undefined;
  words: EvaluationWords;
  onMetrics: () => void;
}): JSX.Element {
  const { task, words } = props;
  const instead = task === undefined ? undefined : words.insteadOfMatrix[task];
  return (
    <Empty title={words.noMatrixTitle}>
      {instead ?? words.noMatrix}
      {instead === undefined ? null : (
        <span class="dlt-again">
          <Button label={words.openMetrics} onClick={props.onMetrics} />
        </span>
      )}
    </Empty>
  );
}

/** The matrix of the epoch that is looked at; while it is fetched, the one that was shown before. */
function useMatrix(
  { snapshot }: InsightProps,
  evaluations: ReturnType<typeof useEvaluations>
): Matrix | null {
  const last = useRef<Matrix | null>(null);
  const { epoch, labels } = evaluations;
  const counts = epoch === null ? undefined : evaluations.matrix(epoch);
  if (epoch !== null && counts !== undefined) {
    if (last.current?.counts !== counts) {
      last.current = { epoch, labels, counts };
    }
  } else if (last.current === null && snapshot.confusion !== null) {
    // The newest comes with every snapshot; nothing has to be read for it.
    const { confusion } = snapshot;
    last.current = {
      epoch: confusion.epoch,
      labels: confusion.labels,
      counts: Int32Array.from(confusion.matrix.flat())
    };
  }
  return last.current;
}

function Worst(props: {
  matrix: Matrix;
  sums: ReturnType<typeof totals>;
  words: EvaluationWords;
  onPick: (cell: Cell) => void;
}): JSX.Element {
  const { matrix, sums, words, onPick } = props;
  const pairs = useMemo(
    () => mostConfused(asConfusion(matrix.counts, matrix.labels, matrix.epoch), 6),
    [matrix]
  );
  const name = (i: number) => matrix.labels[i] ?? String(i);
  return (
    <div class="dlt-worst">
      <h4>{words.worst}</h4>
      {pairs.length === 0 ? (
        <p class="dlt-muted">{words.noneWrong}</p>
      ) : (
        <ol>
          {pairs.map(({ truth, predicted, count: times }) => (
            <li key={`${truth} ${predicted}`}>
              <button type="button" class="dlt-pair" onClick={() => onPick({ truth, predicted })}>
                <b>{name(truth)}</b> {words.as} <b>{name(predicted)}</b>
              </button>
              <span class="dlt-muted">
                {count(times)} {words.of} {count(sums.rows[truth])}
              </span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function same(one: Cell, other: Cell | null): boolean {
  return one.truth === other?.truth && one.predicted === other.predicted;
}
