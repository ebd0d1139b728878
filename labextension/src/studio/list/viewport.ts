import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Line, ListLayout, Measures } from '../../model/list-layout';

/** Assumed until the list was measured, so that its first picture has rows in it. */
const UNMEASURED = 700;

export interface Viewport {
  top: number;
  height: number;
  measures: Measures;
}

/** What of a scrolled element is in sight, and how high its lines are in its font. */
export function useViewport(ref: RefObject<HTMLElement | null>): Viewport {
  const [viewport, setViewport] = useState<Viewport>({ top: 0, height: UNMEASURED, measures: measured(13) });
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) {
      return undefined;
    }
    const look = () => {
      const font = Number.parseFloat(getComputedStyle(element).fontSize);
      setViewport({
        top: element.scrollTop,
        height: element.clientHeight || UNMEASURED,
        measures: measured(font || 13)
      });
    };
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, [ref]);
  return viewport;
}

function measured(font: number): Measures {
  return { head: Math.round(font * 2.25), row: Math.round(font * 4) };
}

/**
 * Holds what is in sight where it is when lines come and go above it.
 *
 * @param numberOf the line a run stands on now; `null` if that isn't known
 */
export function useAnchor(
  ref: RefObject<HTMLElement | null>,
  layout: ListLayout,
  rowOf: (line: Line) => { id: string } | null,
  numberOf: (id: string) => number | null
): void {
  const anchor = useRef<{ id: string; top: number } | null>(null);
  const hold = () => {
    anchor.current = ref.current === null ? null : firstInSight(ref.current, layout, rowOf);
  };
  const latest = useRef(hold);
  useLayoutEffect(() => {
    latest.current = hold;
    const number = anchor.current === null ? null : numberOf(anchor.current.id);
    const top = number === null ? undefined : layout.line(number)?.top;
    const element = ref.current;
    if (element !== null && anchor.current !== null && top !== undefined && element.scrollTop > 0) {
      element.scrollTop += top - anchor.current.top;
    }
    hold();
  });
  useEffect(() => {
    const element = ref.current;
    const onScroll = () => latest.current();
    element?.addEventListener('scroll', onScroll, { passive: true });
    return () => element?.removeEventListener('scroll', onScroll);
  }, [ref]);
}

function firstInSight(
  { scrollTop, clientHeight }: HTMLElement,
  layout: ListLayout,
  rowOf: (line: Line) => { id: string } | null
): { id: string; top: number } | null {
  for (const line of layout.between(scrollTop, scrollTop + clientHeight)) {
    const row = rowOf(line);
    if (row !== null && line.top >= scrollTop) {
      return { id: row.id, top: line.top };
    }
  }
  return null;
}

/** Scrolls no farther than a line needs to be in sight. */
export function reveal(element: HTMLElement | null, line: Line | null, layout: ListLayout): void {
  if (element === null || line === null) {
    return;
  }
  const bottom = line.top + layout.heightOf(line);
  if (line.top < element.scrollTop) {
    element.scrollTop = line.top;
  } else if (bottom > element.scrollTop + element.clientHeight) {
    element.scrollTop = bottom - element.clientHeight;
  }
}
