import type { Stroke } from '../../model/strokes';

/** What is drawn, and with what. */
export interface Drawing {
  strokes: Stroke[];
  pen: 'thin' | 'medium' | 'thick';
  ink: 'light' | 'dark';
}

export const NO_DRAWING: Drawing = { strokes: [], pen: 'medium', ink: 'light' };
