import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { count } from '../../model/format';
import { Empty } from '../../panel/button';
import type { InsightProps } from '../contract';
import { type Evaluations, useEvaluations } from '../model/evaluations';
import { type ExampleList, useExamples } from '../model/example-list';
import { EVERYTHING, type Filter, filterOf, keepFilter, lookingCheckpoint } from '../model/filters';
import { EpochSlider } from '../parts/epoch-slider';
import { ExampleFilter } from '../parts/example-filter';
import { ExampleGrid } from '../parts/example-grid';
import { ExampleTable } from '../parts/example-table';
import { ExampleZoom } from '../parts/example-zoom';
import { Failure, Validated } from '../parts/states';
import { type EvaluationWords, evaluationWords } from '../words/evaluation';

const PAGE = 48;
const REST_MS = 120;
/** The next page is read when its place comes so near. */
const AHEAD_PX = 600;

/** What a validation made of single examples. */
export function ExamplesView(props: InsightProps): JSX.Element {
  const words = evaluationWords(props.language);
  const evaluations = useEvaluations(props);
  return (
    <Validated evaluations={evaluations} snapshot={props.snapshot} words={words}>
      {() => <Examples {...props} evaluations={evaluations} words={words} />}
    </Validated>
  );
}

type ExamplesProps = InsightProps & { evaluations: Evaluations; words: EvaluationWords };

function Examples(props: ExamplesProps): JSX.Element {
  const { client, snapshot, evaluations, words } = props;
  const { epoch } = evaluations;
  const [filter, setFilter] = useState<Filter>(() => filterOf(client));
  const [zoomed, setZoomed] = useState<number | null>(null);
  const newest = evaluations.epochs.at(-1);
  const newestFound = newest === undefined ? undefined : evaluations.evaluation(newest);
  const kept = newestFound?.has_examples !== false;
  const list = useExamples(client, epoch === null || !kept ? null : { epoch, ...filter }, PAGE, REST_MS);
  useEffect(() => keepFilter(client, filter), [client, filter]);
  // A page further on is read before the zoom comes to it.
  useEffect(() => {
    if (zoomed !== null && zoomed + 2 >= list.items.length) {
      list.more();
    }
  }, [zoomed, list, list.items.length]);

  if (!kept) {
    return <Empty title={words.noneKeptTitle}>{words.noneKept}</Empty>;
  }
  const { about } = list;
  const labels = about?.labels ?? evaluations.labels;
  const task = about?.task ?? newestFound?.summary?.task ?? 'classification';
  return (
    <div class="dlt-examples-view" data-zoomed={zoomed !== null}>
      <div class="dlt-settings">
        <EpochSlider evaluations={evaluations} words={words} />
      </div>
      <ExampleFilter filter={filter} labels={labels} task={task} words={words} onChange={setFilter} />
      <p class="dlt-score" role="status">
        {about === null ? words.loading : said(about.total, about.kept, about.count_of_set, filter, words)}
      </p>
      {list.items.length > 0 && list.items.every(item => item.image === null && item.features === null) ? (
        <p class="dlt-hint">
          <b>{words.noPictures}</b> {words.noPicturesWhy}
        </p>
      ) : null}
      {list.error !== null && list.items.length === 0 ? (
        <Failure error={list.error} words={words} onAgain={() => list.again()} />
      ) : about !== null && list.items.length === 0 ? (
        <Empty title={words.noneFound}>{words.noneFoundHint}</Empty>
      ) : (
        <Listed list={list} labels={labels} words={words} onOpen={setZoomed} />
      )}
      {zoomed === null || about === null ? null : (
        <ExampleZoom
          client={client}
          items={list.items}
          at={zoomed}
          total={about.total}
          labels={labels}
          checkpoint={lookingCheckpoint(snapshot, epoch)}
          words={words}
          onMove={to => to < list.items.length && setZoomed(to)}
          onClose={() => setZoomed(null)}
        />
      )}
    </div>
  );
}

/** How many were found, and of which. */
export function said(
  total: number,
  kept: number,
  all: number,
  filter: Filter,
  words: EvaluationWords
): string {
  const of = kept < all ? words.sampled(count(kept), count(all)) : words.everyone(count(kept));
  const whole = (['correct', 'truth', 'predicted'] as const).every(key => filter[key] === EVERYTHING[key]);
  return whole ? of : `${words.found(count(total))} · ${of}`;
}

/** A list that scrolls by itself, so that nothing around it moves while more is read. */
export function Listed(props: {
  list: ExampleList;
  labels: string[];
  words: EvaluationWords;
  onOpen: (at: number) => void;
}): JSX.Element {
  const { list, labels, words, onOpen } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const end = useRef<HTMLParagraphElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another answer begins at its top.
  useLayoutEffect(() => {
    if (scroller.current !== null) {
      scroller.current.scrollTop = 0;
    }
  }, [list.answered]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each page the end may still be in sight.
  useEffect(() => {
    if (end.current === null) {
      return undefined;
    }
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting === true) {
          list.more();
        }
      },
      { root: scroller.current, rootMargin: `${AHEAD_PX}px` }
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [list, list.items.length]);
  const pictures = list.items.some(item => item.image !== null);
  return (
    <div
      class="dlt-examples-scroll"
      ref={scroller}
      aria-busy={list.busy}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keys.
      tabIndex={0}
      role="group"
      aria-label={words.examplesAxis}
    >
      {pictures ? (
        <ExampleGrid items={list.items} labels={labels} words={words} onOpen={onOpen} />
      ) : (
        <ExampleTable items={list.items} names={list.about?.feature_names ?? null} words={words} />
      )}
      {list.error !== null ? (
        <Failure error={list.error} words={words} onAgain={() => list.again()} />
      ) : (
        <p class="dlt-examples-end dlt-muted" ref={end}>
          {list.complete ? words.end : words.loading}
        </p>
      )}
    </div>
  );
}
