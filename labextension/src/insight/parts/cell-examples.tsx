import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { count } from '../../model/format';
import type { Checkpoint } from '../../contract';
import { Button } from '../../panel/button';
import type { InsightClient } from '../contract';
import type { Cell } from '../model/evaluations';
import { useExamples } from '../model/example-list';
import type { EvaluationWords } from '../words/evaluation';
import { ExampleGrid } from './example-grid';
import { ExampleTable } from './example-table';
import { ExampleZoom } from './example-zoom';
import { Failure } from './states';

const PAGE = 24;
/** While the slider moves, nothing is asked. */
const REST_MS = 120;

/** The examples of a cell of the confusion matrix, at the epoch that is looked at. */
export function CellExamples(props: {
  client: InsightClient;
  cell: Cell;
  epoch: number;
  labels: string[];
  /** Nothing was taken for it. */
  empty: boolean;
  checkpoint: Checkpoint | null;
  words: EvaluationWords;
  onClose: () => void;
  onOpenAll: () => void;
}): JSX.Element {
  const { client, cell, epoch, labels, checkpoint, words } = props;
  const wanted = { epoch, truth: cell.truth, predicted: cell.predicted, sort: '-confidence' as const };
  const list = useExamples(client, wanted, PAGE, REST_MS);
  const [zoomed, setZoomed] = useState<number | null>(null);
  const name = (index: number) => labels[index] ?? String(index);
  const total = list.about?.total ?? 0;
  const pictures = list.items.some(item => item.image !== null);
  return (
    <section class="dlt-cell-examples" aria-busy={list.busy} data-zoomed={zoomed !== null}>
      <div class="dlt-settings">
        <h4>{words.cell(name(cell.truth), name(cell.predicted))}</h4>
        <span class="dlt-muted" role="status">
          {list.about === null ? '' : words.found(count(total))}
        </span>
        <span class="dlt-spring" />
        <Button label={words.inExamples} kind="quiet" onClick={props.onOpenAll} />
        <Button icon="cross" compact kind="quiet" label={words.close} onClick={props.onClose} />
      </div>
      {list.error !== null ? (
        <Failure error={list.error} words={words} onAgain={() => list.again()} />
      ) : list.about === null ? (
        <p class="dlt-muted">{words.loading}</p>
      ) : list.items.length === 0 ? (
        <p class="dlt-muted">
          {props.empty ? words.emptyCell(name(cell.truth), name(cell.predicted)) : words.noneInCell}
        </p>
      ) : pictures ? (
        <ExampleGrid items={list.items} labels={list.about.labels} words={words} onOpen={setZoomed} />
      ) : (
        <div class="dlt-scroll">
          <ExampleTable items={list.items} names={list.about.feature_names ?? null} words={words} />
        </div>
      )}
      {list.complete || list.items.length === 0 ? null : (
        <Button label={words.more} kind="quiet" busy={list.busy} onClick={() => list.more()} />
      )}
      {zoomed === null ? null : (
        <ExampleZoom
          client={client}
          items={list.items}
          at={zoomed}
          total={list.items.length}
          labels={labels}
          checkpoint={checkpoint}
          words={words}
          onMove={setZoomed}
          onClose={() => setZoomed(null)}
        />
      )}
    </section>
  );
}
