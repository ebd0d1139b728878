import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Checkpoint, Task } from '../../contract';
import { count } from '../../model/format';
import { Empty } from '../../panel/button';
import type { InsightClient } from '../contract';
import { type ExampleList, type Wanted, useExamples } from '../model/example-list';
import { EVERYTHING, type Filter } from '../model/filters';
import type { EvaluationWords } from '../words/evaluation';
import { ExampleFilter } from './example-filter';
import { ExampleGrid } from './example-grid';
import { ExampleTable } from './example-table';
import { ExampleZoom } from './example-zoom';
import { Failure } from './states';

const PAGE = 48;
const REST_MS = 120;
/** The next page is read when its place comes so near. */
const AHEAD_PX = 600;

/** Single examples of a validation or a test run: filtered, ordered, and one of them large. */
export function ExampleBrowser(props: {
  client: InsightClient;
  /** Whose examples; `null` while that isn't known. */
  of: Pick<Wanted, 'epoch' | 'test_run'> | null;
  filter: Filter;
  /** What is said of them before the first answer is there. */
  labels: string[];
  task: Task;
  /** Who is asked where it looked. */
  checkpoint: Checkpoint | null;
  words: EvaluationWords;
  onFilter: (filter: Filter) => void;
}): JSX.Element {
  const { client, of, filter, words } = props;
  const [zoomed, setZoomed] = useState<number | null>(null);
  const list = useExamples(client, of === null ? null : { ...of, ...filter }, PAGE, REST_MS);
  // A page further on is read before the zoom comes to it.
  useEffect(() => {
    if (zoomed !== null && zoomed + 2 >= list.items.length) {
      list.more();
    }
  }, [zoomed, list, list.items.length]);
  const { about, items } = list;
  const labels = about?.labels ?? props.labels;
  const task = about?.task ?? props.task;
  return (
    <section class="dlt-examples-view" aria-label={words.examplesAxis} data-zoomed={zoomed !== null}>
      <ExampleFilter filter={filter} labels={labels} task={task} words={words} onChange={props.onFilter} />
      <p class="dlt-score" role="status">
        {about === null ? '' : said(about.total, about.kept, about.count_of_set, filter, words)}
      </p>
      {items.length > 0 && items.every(item => item.image === null && item.features === null) ? (
        <p class="dlt-hint">
          <b>{words.noPictures}</b> {words.noPicturesWhy}
        </p>
      ) : null}
      {list.error !== null && items.length === 0 ? (
        <Failure error={list.error} words={words} onAgain={() => list.again()} />
      ) : about === null ? (
        <Empty title={words.loading}>{null}</Empty>
      ) : items.length === 0 ? (
        <Empty title={words.noneFound}>{words.noneFoundHint}</Empty>
      ) : (
        <Listed list={list} labels={labels} words={words} onOpen={setZoomed} />
      )}
      {zoomed === null || about === null ? null : (
        <ExampleZoom
          client={client}
          items={items}
          at={zoomed}
          total={about.total}
          labels={labels}
          checkpoint={props.checkpoint}
          words={words}
          onMove={to => to < items.length && setZoomed(to)}
          onClose={() => setZoomed(null)}
        />
      )}
    </section>
  );
}

/** How many were found, and of which. */
function said(total: number, kept: number, all: number, filter: Filter, words: EvaluationWords): string {
  const of = kept < all ? words.sampled(count(kept), count(all)) : words.everyone(count(kept));
  const whole = (['correct', 'truth', 'predicted'] as const).every(key => filter[key] === EVERYTHING[key]);
  return whole ? of : `${words.found(count(total))} · ${of}`;
}

/** A list that scrolls by itself, so that nothing around it moves while more is read. */
function Listed(props: {
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
