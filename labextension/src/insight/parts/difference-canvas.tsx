import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { watchTheme } from '../../charts/colours';
import { type MatrixDifference, difference, sideOf } from '../../model/matrix-difference';
import { type DifferenceProps, describeChange } from './difference-grid';
import { MatrixTip, type Tip } from './matrix-tip';

/** Pixels a side, before the screen's own scale. */
const SIDE = 1040;

/** The difference of matrices of many classes on one canvas; the cell under the pointer is told in words. */
export function DifferenceCanvas(props: DifferenceProps): JSX.Element {
  const { found, words: said } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [tip, setTip] = useState<Tip | null>(null);
  const classes = found.labels.length;
  useEffect(() => {
    const draw = () => canvas.current && paint(canvas.current, found);
    draw();
    return watchTheme(draw);
  }, [found]);
  const onPointerMove = (event: PointerEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    if (box === undefined) {
      return;
    }
    const [left, top] = [event.clientX - box.left, event.clientY - box.top];
    const index = (at: number) => Math.min(classes - 1, Math.max(0, Math.floor((at / box.width) * classes)));
    setTip({ text: describeChange(props, index(top), index(left)), left, top, flip: left > box.width / 2 });
  };
  return (
    <div class="dlt-matrix-frame dlt-matrix-many">
      <p class="dlt-matrix-axis">{said.matrixHint}</p>
      <canvas
        class="dlt-change-canvas"
        ref={canvas}
        width={SIDE}
        height={SIDE}
        role="img"
        aria-label={said.caption}
        onPointerMove={onPointerMove}
        onPointerLeave={() => setTip(null)}
      />
      <MatrixTip tip={tip} />
    </div>
  );
}

function paint(canvas: HTMLCanvasElement, { cells, most }: MatrixDifference): void {
  const context = canvas.getContext('2d');
  if (context === null) {
    return;
  }
  const style = getComputedStyle(canvas);
  const cell = SIDE / Math.max(1, cells.length);
  context.clearRect(0, 0, SIDE, SIDE);
  cells.forEach((row, truth) => {
    row.forEach((value, predicted) => {
      if (value !== 0) {
        // The style sheet gives the two colours as the canvas's own text and caret colours.
        context.fillStyle = sideOf(value, truth === predicted) === 'better' ? style.color : style.caretColor;
        context.globalAlpha = 0.15 + 0.85 * difference(value, most).depth;
        context.fillRect(predicted * cell, truth * cell, Math.ceil(cell), Math.ceil(cell));
      }
    });
  });
  context.globalAlpha = 1;
}
