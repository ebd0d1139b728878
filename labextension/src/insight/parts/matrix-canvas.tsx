import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { watchTheme } from '../../charts/colours';
import type { Confusion } from '../../contract';
import { share } from '../../model/format';
import { hits, rowTotals, strength } from '../../model/matrix';
import { type Shown, describeCell } from './matrix-grid';
import { MatrixTip, type Tip } from './matrix-tip';

/** Pixels a side, before the screen's own scale. */
const SIDE = 520;

/** A confusion matrix of many classes, drawn on one canvas; the cell under the pointer is told in words. */
export function MatrixCanvas({ confusion, shown }: { confusion: Confusion; shown: Shown }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [tip, setTip] = useState<Tip | null>(null);
  const totals = useMemo(() => rowTotals(confusion), [confusion]);
  const classes = confusion.labels.length;
  const { right, all } = hits(confusion);

  useEffect(() => {
    const draw = () => canvas.current && paint(canvas.current, confusion, totals, shown);
    draw();
    return watchTheme(draw);
  }, [confusion, totals, shown]);

  const onPointerMove = (event: PointerEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    if (box === undefined) {
      return;
    }
    const [left, top] = [event.clientX - box.left, event.clientY - box.top];
    const index = (at: number) => Math.min(classes - 1, Math.max(0, Math.floor((at / box.width) * classes)));
    const truth = index(top);
    const text = describeCell(confusion, truth, index(left), totals[truth] ?? 0);
    setTip({ text, left, top, flip: left > box.width / 2 });
  };
  return (
    <div class="dlt-matrix-frame dlt-matrix-many">
      <p class="dlt-matrix-axis">rows true, columns predicted</p>
      <canvas
        ref={canvas}
        width={SIDE * 2}
        height={SIDE * 2}
        role="img"
        aria-label={`Confusion matrix of ${classes} classes, ${share(right, all)} right; the pairs most often confused are listed beside it`}
        onPointerMove={onPointerMove}
        onPointerLeave={() => setTip(null)}
      />
      <MatrixTip tip={tip} />
    </div>
  );
}

function paint(canvas: HTMLCanvasElement, { matrix }: Confusion, totals: number[], shown: Shown): void {
  const context = canvas.getContext('2d');
  if (context === null) {
    return;
  }
  const style = getComputedStyle(canvas);
  const cell = canvas.width / matrix.length;
  const biggest = Math.max(...totals, 1);
  context.clearRect(0, 0, canvas.width, canvas.height);
  matrix.forEach((row, truth) => {
    row.forEach((value, predicted) => {
      const right = truth === predicted;
      const total = totals[truth] ?? 0;
      const depth = strength(value, shown === 'shares' || !right ? total : biggest, right);
      if (depth > 0) {
        // The style sheet gives the two colours as the canvas's own text and outline colours.
        context.fillStyle = right ? style.color : style.outlineColor;
        context.globalAlpha = 0.12 + 0.88 * depth;
        context.fillRect(predicted * cell, truth * cell, Math.ceil(cell), Math.ceil(cell));
      }
    });
  });
  context.globalAlpha = 1;
}
