import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { penFor } from '../../model/strokes';
import { inLanguage } from '../../words/language';
import type { Asking } from '../model/asking';
import { type Drawing, NO_DRAWING } from '../model/drawing';
import { TRIAL } from '../words/trial';
import { AnswerCard } from './answer-card';
import { DrawPad, pictureOf } from './draw-pad';
import { FileButton } from './file-button';

/** Milliseconds the pen rests before what is drawn is predicted. */
const PAUSE_MS = 300;

/** What was predicted last; a person may go to another view before the pen has rested for long enough. */
const predicted = new WeakMap<Asking, Drawing>();

/** A drawing, and what the model says of it whenever the pen rests. */
export function TryDrawing(props: {
  asking: Asking;
  drawing: Drawing;
  /** Pixels a side of the model's inputs, if that is known. */
  pixels: number | null;
  heatmap: boolean;
  disabled: boolean;
  language: string;
  onDraw: (drawing: Drawing) => void;
  onPicture: (picture: string) => void;
  onFiles: (files: File[]) => void;
}): JSX.Element {
  const { asking, drawing, disabled } = props;
  const said = inLanguage(TRIAL, props.language);
  const picture = useRef(props.onPicture);
  picture.current = props.onPicture;
  const { strokes, ink } = drawing;
  useEffect(() => {
    const before = predicted.get(asking) ?? NO_DRAWING;
    if (strokes === before.strokes && ink === before.ink) {
      return undefined;
    }
    if (strokes.length === 0) {
      predicted.set(asking, { ...before, strokes, ink });
      asking.clear();
      return undefined;
    }
    if (disabled) {
      return undefined;
    }
    const timer = setTimeout(() => {
      predicted.set(asking, { ...before, strokes, ink });
      picture.current(pictureOf({ strokes, ink, pen: before.pen }));
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [asking, strokes, ink, disabled]);
  return (
    <div class="dlt-drawing">
      <DrawPad
        drawing={drawing}
        width={penFor(props.pixels)}
        language={props.language}
        onDraw={props.onDraw}
      />
      <div class="dlt-drawing-answer">
        <AnswerCard asking={asking} heatmap={props.heatmap} language={props.language} />
        <FileButton icon="up" kind="quiet" label={said.instead} disabled={disabled} onFiles={props.onFiles} />
      </div>
    </div>
  );
}
