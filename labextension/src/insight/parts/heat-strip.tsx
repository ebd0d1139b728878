import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { watchTheme } from '../../charts/colours';
import { type Heat, type Histograms, at, heat, median } from '../../model/distributions';
import { count, percent, tick } from '../../model/format';
import { MatrixTip, type Tip } from './matrix-tip';
import type { AnalysisWords } from '../words/analysis';

/** Pixels the picture is drawn with, before the screen stretches it. */
const WIDTH = 640;
const HEIGHT = 240;

/** How the values of one array lay, epoch after epoch. */
export function HeatStrip(props: {
  histograms: Histograms;
  /** What is shown: `Weights`. */
  what: string;
  name: string;
  words: AnalysisWords;
}): JSX.Element {
  const { histograms, what, name, words: said } = props;
  const found = useMemo(() => heat(histograms), [histograms]);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [tip, setTip] = useState<Tip | null>(null);
  const [column, setColumn] = useState<number | null>(null);
  useEffect(() => {
    const draw = () => canvas.current && found && paint(canvas.current, found, column);
    draw();
    return watchTheme(draw);
  }, [found, column]);
  if (found === null) {
    return <p class="dlt-muted">{said.noHistogramsTitle}</p>;
  }
  const { epochs, range } = found;
  const tell = (text: string, left: number, top: number, width: number) =>
    setTip({ text, left, top, flip: left > width / 2 });
  const onPointerMove = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const [left, top] = [event.clientX - box.left, event.clientY - box.top];
    const under = at(found, left / box.width, top / box.height);
    tell(said.at(under.epoch, tick(under.value), percent(under.share, 1)), left, top, box.width);
  };
  const move = (to: number) => {
    const next = Math.min(epochs.length - 1, Math.max(0, to));
    const box = canvas.current?.getBoundingClientRect();
    const own = edgesOf(histograms, next);
    const text = said.column(
      epochs[next] ?? 0,
      tick(round(median(found, next))),
      tick(round(own[0])),
      tick(round(own[1]))
    );
    setColumn(next);
    tell(text, ((next + 0.5) / epochs.length) * (box?.width ?? 0), (box?.height ?? 0) / 2, box?.width ?? 0);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      move(column === null ? (step > 0 ? 0 : epochs.length - 1) : column + step);
    }
  };
  const leave = () => {
    setTip(null);
    setColumn(null);
  };
  return (
    <figure class="dlt-heat">
      <div class="dlt-heat-axis" aria-hidden="true">
        <span>{tick(round(range[1]))}</span>
        <span>{tick(round((range[0] + range[1]) / 2))}</span>
        <span>{tick(round(range[0]))}</span>
      </div>
      <div class="dlt-heat-frame">
        <canvas
          ref={canvas}
          width={WIDTH}
          height={HEIGHT}
          tabIndex={0}
          role="img"
          aria-label={said.heat(what, name)}
          onPointerMove={onPointerMove}
          onPointerLeave={leave}
          onKeyDown={onKeyDown}
          onBlur={leave}
        />
        <MatrixTip tip={tip} />
        <p class="dlt-hidden" role="status">
          {column === null ? '' : tip?.text}
        </p>
      </div>
      <div class="dlt-heat-epochs" aria-hidden="true">
        <span>
          {said.epoch} {count(epochs[0])}
        </span>
        <span>{epochs.length > 1 ? count(epochs.at(-1)) : ''}</span>
      </div>
    </figure>
  );
}

/** Three figures are enough on an axis. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}

function edgesOf({ edges }: Histograms, epoch: number): [number, number] {
  const own = (edges[epoch] ?? []).filter(edge => edge !== null);
  return [own[0] ?? 0, own.at(-1) ?? 0];
}

function paint(canvas: HTMLCanvasElement, found: Heat, chosen: number | null): void {
  const context = canvas.getContext('2d');
  if (context === null) {
    return;
  }
  const style = getComputedStyle(canvas);
  const { columns, rows, peak, range } = found;
  const [width, height] = [WIDTH / columns.length, HEIGHT / rows];
  context.clearRect(0, 0, WIDTH, HEIGHT);
  // The style sheet gives the colour as the canvas's own text colour.
  context.fillStyle = style.color;
  columns.forEach((column, i) => {
    column.forEach((share, row) => {
      if (share > 0) {
        // A square root: what is rare is still seen.
        context.globalAlpha = 0.06 + 0.94 * Math.sqrt(share / peak);
        context.fillRect(i * width, HEIGHT - (row + 1) * height, Math.ceil(width), Math.ceil(height));
      }
    });
  });
  context.globalAlpha = 1;
  context.strokeStyle = style.caretColor;
  context.lineWidth = 2;
  context.beginPath();
  columns.forEach((_column, i) => {
    const share = (median(found, i) - range[0]) / (range[1] - range[0]);
    const y = HEIGHT * (1 - share);
    context.lineTo(i * width, y);
    context.lineTo((i + 1) * width, y);
  });
  context.stroke();
  if (chosen !== null) {
    context.lineWidth = 1.5;
    context.strokeRect(chosen * width + 1, 1, width - 2, HEIGHT - 2);
  }
}
