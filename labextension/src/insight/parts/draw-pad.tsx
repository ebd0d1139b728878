import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type Point, type Stroke, begun, extended, paintStrokes, undone } from '../../model/strokes';
import { Button } from '../../panel/button';
import { Choice } from '../../panel/chart-settings';
import { inLanguage } from '../../words/language';
import type { Drawing } from '../model/drawing';
import { TRIAL } from '../words/trial';

/** Pixels a side of what is drawn on, and sent. */
const SIDE = 280;

const WIDTHS = { thin: 0.6, medium: 1, thick: 1.5 };

/** A square to draw on, by mouse, pen or finger. */
export function DrawPad(props: {
  drawing: Drawing;
  /** Of the pen, as a share of the side. */
  width: number;
  language: string;
  onDraw: (drawing: Drawing) => void;
}): JSX.Element {
  const { drawing, onDraw } = props;
  const said = inLanguage(TRIAL, props.language);
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useRef(drawing);
  drawn.current = drawing;
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context != null) {
      paint(context, drawing);
    }
  }, [drawing]);

  const become = (strokes: Stroke[]) => {
    if (strokes !== drawn.current.strokes) {
      drawn.current = { ...drawn.current, strokes };
      onDraw(drawn.current);
    }
  };
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0 || !event.isPrimary) {
      return;
    }
    canvas.current?.setPointerCapture(event.pointerId);
    become(begun(drawn.current.strokes, place(event), props.width * WIDTHS[drawing.pen]));
  };
  const onPointerMove = (event: PointerEvent) => {
    if (event.isPrimary && canvas.current?.hasPointerCapture(event.pointerId)) {
      // Between two frames the pen may have been at many places.
      const passed = event.getCoalescedEvents?.() ?? [];
      const places = (passed.length > 0 ? passed : [event]).map(place);
      become(places.reduce(extended, drawn.current.strokes));
    }
  };
  const undo = () => become(undone(drawn.current.strokes));
  const onKeyDown = (event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.key === 'z' && drawing.strokes.length > 0) {
      event.preventDefault();
      event.stopPropagation();
      undo();
    }
  };
  const place = (event: PointerEvent): Point => {
    const box = canvas.current?.getBoundingClientRect();
    return box === undefined
      ? [0, 0]
      : [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  return (
    <div class="dlt-pad">
      <div class="dlt-pad-sheet" data-ink={drawing.ink}>
        <canvas
          ref={canvas}
          width={SIDE}
          height={SIDE}
          tabIndex={0}
          role="img"
          aria-label={said.drawing}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onKeyDown={onKeyDown}
        />
        {drawing.strokes.length === 0 ? (
          <p class="dlt-pad-hint" aria-hidden="true">
            <b>{said.drawHere}</b>
            {said.drawHint}
          </p>
        ) : null}
      </div>
      <div class="dlt-pad-tools">
        <Button
          icon="reset"
          label={said.undo}
          title={said.undoHint}
          kind="quiet"
          disabled={drawing.strokes.length === 0}
          onClick={undo}
        />
        <Button
          icon="cross"
          label={said.clear}
          kind="quiet"
          disabled={drawing.strokes.length === 0}
          onClick={() => become([])}
        />
        <Choice
          label={said.pen}
          value={drawing.pen}
          options={(['thin', 'medium', 'thick'] as const).map(name => [name, said.pens[name], false])}
          onChoose={pen => onDraw({ ...drawing, pen })}
        />
        <Choice
          label={said.ink}
          value={drawing.ink}
          options={(['light', 'dark'] as const).map(name => [name, said.inks[name], false])}
          onChoose={ink => onDraw({ ...drawing, ink })}
        />
      </div>
    </div>
  );
}

/** The drawing as a PNG, as it is sent. */
export function pictureOf(drawing: Drawing): string {
  const sheet = document.createElement('canvas');
  sheet.width = SIDE;
  sheet.height = SIDE;
  const context = sheet.getContext('2d');
  if (context === null) {
    throw new Error('This browser can’t draw on a canvas.');
  }
  paint(context, drawing);
  return sheet.toDataURL('image/png');
}

/** Black and white in every theme: it is what the model is shown. */
function paint(context: CanvasRenderingContext2D, { strokes, ink }: Drawing): void {
  const [ground, pen] = ink === 'light' ? ['#000', '#fff'] : ['#fff', '#000'];
  context.fillStyle = ground;
  context.fillRect(0, 0, SIDE, SIDE);
  context.strokeStyle = pen;
  paintStrokes(context, strokes, SIDE);
}
