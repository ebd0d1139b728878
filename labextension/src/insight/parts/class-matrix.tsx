import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { watchTheme } from '../../charts/colours';
import { share } from '../../model/format';
import { type Shown, type Totals, depths } from '../model/cells';
import type { Cell } from '../model/evaluations';
import type { EvaluationWords } from '../words/evaluation';
import { type Layout, type MatrixInk, matrixInk, paintMatrix, pixels } from './matrix-painter';
import { MatrixTip, type Tip } from './matrix-tip';

const SMALLEST_CELL = 10;
const LARGEST_CELL = 34;
/** From this size on numbers fit into a cell. */
const WRITTEN_CELL = 26;
const TALLEST = 640;
const STEPS: Record<string, [rows: number, columns: number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  PageUp: [-10, 0],
  PageDown: [10, 0]
};

interface ClassMatrixProps {
  counts: Int32Array;
  labels: string[];
  sums: Totals;
  shown: Shown;
  marked: Cell | null;
  /** What a cell says in full. */
  describe: (cell: Cell) => string;
  /** What stands in a cell. */
  write: (cell: Cell) => string;
  onPick: (cell: Cell) => void;
  words: EvaluationWords;
}

/**
 * A confusion matrix of many classes on one canvas, as large as what is seen of it: labels stay in sight, and another
 * epoch costs one pass over the cells.
 */
export function ClassMatrix(props: ClassMatrixProps): JSX.Element {
  const { counts, labels, sums, shown, marked, words } = props;
  const size = labels.length;
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const ink = useRef<MatrixInk | null>(null);
  const [theme, setTheme] = useState(0);
  const [room, setRoom] = useState(0);
  const [pointed, setPointed] = useState<Cell | null>(null);
  const [tip, setTip] = useState<Tip | null>(null);
  const left = Math.min(100, Math.max(36, 7 * Math.max(...labels.map(label => label.length)) + 8));
  const cell = Math.max(SMALLEST_CELL, Math.min(LARGEST_CELL, Math.floor((room - left) / size)));
  const extent = left + size * cell;
  const width = Math.min(extent, Math.max(room, 1));
  const height = Math.min(extent, TALLEST);

  useEffect(() => {
    const element = scroller.current?.parentElement;
    if (element == null) {
      return undefined;
    }
    const measure = () => setRoom(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(
    () =>
      watchTheme(() => {
        ink.current = null;
        setTheme(times => times + 1);
      }),
    []
  );
  const cells = useMemo(() => depths(counts, size, shown, sums), [counts, size, shown, sums]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme has other colours.
  const sheet = useMemo(() => {
    if (scroller.current === null) {
      return null;
    }
    ink.current ??= matrixInk(scroller.current);
    return pixels(cells, size, ink.current);
  }, [cells, size, theme, room]);

  const layout = (): Layout => {
    const { scrollLeft: x = 0, scrollTop: y = 0 } = scroller.current ?? {};
    return { cell, left, top: left, width, height, x, y };
  };
  const draw = () => {
    const context = canvas.current?.getContext('2d');
    if (context == null || sheet === null || ink.current === null) {
      return;
    }
    const scale = window.devicePixelRatio;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const text =
      cell >= WRITTEN_CELL ? (truth: number, predicted: number) => props.write({ truth, predicted }) : null;
    paintMatrix(context, { sheet, depths: cells, labels, text, marked, pointed }, layout(), ink.current);
  };
  useLayoutEffect(draw);

  const cellAt = (event: MouseEvent): Cell | null => {
    const box = canvas.current?.getBoundingClientRect();
    if (box === undefined) {
      return null;
    }
    const { x, y } = layout();
    const predicted = Math.floor((event.clientX - box.left - left + x) / cell);
    const truth = Math.floor((event.clientY - box.top - left + y) / cell);
    const inside = event.clientX - box.left >= left && event.clientY - box.top >= left;
    return inside && truth < size && predicted < size ? { truth, predicted } : null;
  };
  const tell = (at: Cell | null) => {
    const { x, y } = layout();
    setPointed(at);
    setTip(
      at === null
        ? null
        : {
            text: props.describe(at),
            left: left - x + (at.predicted + 0.5) * cell,
            top: left - y + at.truth * cell,
            flip: left - x + at.predicted * cell > width / 2
          }
    );
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    const from = pointed ?? marked ?? { truth: 0, predicted: 0 };
    if (step !== undefined) {
      const within = (value: number) => Math.min(size - 1, Math.max(0, value));
      const next =
        pointed === null
          ? from
          : { truth: within(from.truth + step[0]), predicted: within(from.predicted + step[1]) };
      reveal(scroller.current, next, cell, { width: width - left, height: height - left });
      tell(next);
    } else if (event.key === 'Enter' || event.key === ' ') {
      props.onPick(from);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const scale = typeof window === 'undefined' ? 1 : window.devicePixelRatio;
  return (
    <div class="dlt-matrix-frame dlt-class-matrix">
      <p class="dlt-matrix-axis">{words.axes}</p>
      <div
        class="dlt-matrix-scroll"
        ref={scroller}
        style={{ width: `${width}px`, height: `${height}px` }}
        role="application"
        aria-label={words.matrix(size, share(sums.right, sums.all))}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys walk the cells.
        tabIndex={0}
        onScroll={() => {
          setTip(null);
          draw();
        }}
        onPointerMove={event => tell(cellAt(event))}
        onPointerLeave={() => tell(null)}
        onBlur={() => tell(null)}
        onKeyDown={onKeyDown}
        onClick={event => {
          const at = cellAt(event);
          if (at !== null) {
            props.onPick(at);
          }
        }}
      >
        <div style={{ width: `${extent}px`, height: `${extent}px` }}>
          <canvas
            ref={canvas}
            width={Math.round(width * scale)}
            height={Math.round(height * scale)}
            style={{ width: `${width}px`, height: `${height}px` }}
          />
        </div>
      </div>
      <MatrixTip tip={tip} />
      <p class="dlt-hidden" aria-live="polite">
        {pointed === null ? '' : props.describe(pointed)}
      </p>
    </div>
  );
}

/** Scrolls as little as brings a cell into sight. */
function reveal(
  scroller: HTMLElement | null,
  { truth, predicted }: Cell,
  cell: number,
  room: { width: number; height: number }
): void {
  if (scroller !== null) {
    const within = (at: number, scrolled: number, space: number) =>
      Math.max((at + 1) * cell - space, Math.min(at * cell, scrolled));
    scroller.scrollLeft = within(predicted, scroller.scrollLeft, room.width);
    scroller.scrollTop = within(truth, scroller.scrollTop, room.height);
  }
}
