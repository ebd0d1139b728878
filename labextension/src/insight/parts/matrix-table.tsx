import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Confusion } from '../../contract';
import type { Cell } from '../model/evaluations';
import { MatrixGrid, type Shown } from './matrix-grid';
import { MatrixTip, type Tip } from './matrix-tip';

const MOVES: Record<string, [rows: number, columns: number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1]
};

/** A confusion matrix as a table whose cells tell themselves to the pointer and to the arrow keys. */
export function MatrixTable(props: {
  confusion: Confusion;
  shown: Shown;
  marked?: Cell | null;
  /** Cells can be chosen, too. */
  onPick?: (cell: Cell) => void;
  label?: string;
}): JSX.Element {
  const { confusion, shown, marked, onPick } = props;
  const [tip, setTip] = useState<Tip | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const stop = useRef<HTMLElement | null>(null);
  // A thousand cells are compared for another matrix only, not as the tip moves.
  const grid = useMemo(
    () => <MatrixGrid confusion={confusion} shown={shown} marked={marked} />,
    [confusion, shown, marked]
  );

  const tell = (cell: HTMLElement | null) => {
    const outer = frame.current?.getBoundingClientRect();
    if (cell === null || outer === undefined) {
      setTip(null);
      return;
    }
    const inner = cell.getBoundingClientRect();
    const left = inner.left + inner.width / 2 - outer.left;
    const text = cell.getAttribute('aria-label') ?? '';
    setTip({ text, left, top: inner.top - outer.top, flip: left > outer.width / 2 });
  };
  const onFocus = (event: FocusEvent) => {
    const cell = cellOf(event);
    if (cell !== null) {
      const first = frame.current?.querySelector<HTMLElement>('[data-cell][tabindex="0"]') ?? null;
      const before = stop.current ?? first;
      before?.setAttribute('tabindex', '-1');
      cell.setAttribute('tabindex', '0');
      stop.current = cell;
    }
    tell(cell);
  };
  const pick = (event: Event) => {
    const [truth, predicted] = cellOf(event)?.dataset.cell?.split(',').map(Number) ?? [];
    if (onPick !== undefined && truth !== undefined && predicted !== undefined) {
      onPick({ truth, predicted });
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      pick(event);
      return;
    }
    const move = MOVES[event.key];
    const at = cellOf(event)?.dataset.cell?.split(',').map(Number);
    if (move === undefined || at === undefined) {
      return;
    }
    event.preventDefault();
    const next = at.map((place, i) => place + (move[i] ?? 0)).join();
    frame.current?.querySelector<HTMLElement>(`[data-cell="${next}"]`)?.focus();
  };
  return (
    <div class="dlt-matrix-frame" ref={frame}>
      <div
        class="dlt-scroll"
        role="group"
        data-pickable={onPick !== undefined}
        aria-label={props.label ?? 'Confusion matrix; arrow keys walk its cells'}
        onPointerOver={event => tell(cellOf(event))}
        onPointerLeave={() => tell(null)}
        onFocusIn={onFocus}
        onFocusOut={() => tell(null)}
        onKeyDown={onKeyDown}
        onClick={pick}
      >
        <p class="dlt-matrix-axis">predicted</p>
        {grid}
      </div>
      <MatrixTip tip={tip} />
    </div>
  );
}

function cellOf({ target }: Event): HTMLElement | null {
  return target instanceof HTMLElement ? target.closest<HTMLElement>('[data-cell]') : null;
}
