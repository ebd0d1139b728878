import { useRef, useState } from 'preact/hooks';
import type { Curves } from '../contract';
import type { Range } from '../model/axis';
import { families, perStepNames } from '../model/families';
import { type RunModel, message } from '../model/run-model';

/** Points a window is read with: about two a pixel of a wide chart. */
const FINE_POINTS = 1500;

export interface Zoom {
  /** The steps shown, or `null` for all. */
  zoom: Range | null;
  /** The curves of that window as finely as they are kept, once they are read. */
  fine: Curves | null;
  zoomTo: (range: Range | null) => void;
}

/** The window of steps shown; its curves are read again from the store. */
export function useZoom(model: RunModel, gone: boolean): Zoom {
  const [zoom, setZoom] = useState<Range | null>(null);
  const [fine, setFine] = useState<Curves | null>(null);
  const newest = useRef<Range | null>(null);

  const zoomTo = (range: Range | null) => {
    const window = range === null ? null : atLeastTwoSteps(range);
    newest.current = window;
    setZoom(window);
    setFine(null);
    const names = perStepNames(families(model.view.snapshot?.curves ?? {}, {}, null));
    if (window === null || gone || names.length === 0) {
      return;
    }
    model
      .curve(names, Math.floor(window[0]), Math.ceil(window[1]), FINE_POINTS)
      .then(curves => newest.current === window && setFine(curves))
      // The decimated curve stays, which is still true, only coarser.
      .catch(
        (error: unknown) =>
          newest.current === window &&
          model.tell(`This window can’t be read more finely: ${message(error)}`, true)
      );
  };
  return { zoom, fine, zoomTo };
}

function atLeastTwoSteps([from, to]: Range): Range {
  const start = Math.max(0, from);
  return [start, Math.max(to, start + 2)];
}
