import type { RefObject } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { scrollNear } from './scrolling';

/** What is dragged: a layer of the stack by its place, or a new one of a kind. */
export type Dragged = { what: 'layer'; at: number } | { what: 'kind'; kind: string };

export interface Drag {
  dragged: Dragged;
  /** In front of which layer it would fall, counted with itself; `null` where it would fall nowhere. */
  at: number | null;
}

interface Options {
  list: RefObject<HTMLElement | null>;
  /** Moved along with the pointer. */
  ghost: RefObject<HTMLElement | null>;
  onDrop: (dragged: Dragged, at: number) => void;
  onDropNowhere: () => void;
}

/** How far a mouse moves before it drags; how far a finger may while it is held, and for how long it is. */
const MOUSE_STARTS_AT = 4;
const FINGER_MAY_MOVE = 8;
const HOLD_MS = 250;
/** How far beside the list something still falls into it. */
const BESIDE = 48;

/** Dragging by mouse, pen or finger. A finger scrolls unless it is held for a moment, or put on a handle. */
export function useDrag({ list, ghost, onDrop, onDropNowhere }: Options) {
  const [drag, setDrag] = useState<Drag | null>(null);
  const stop = useRef<(() => void) | null>(null);
  const newest = useRef({ onDrop, onDropNowhere });
  newest.current = { onDrop, onDropNowhere };
  useEffect(() => () => stop.current?.(), []);

  const begin = useCallback(
    (event: PointerEvent, dragged: Dragged, byHandle = false) => {
      if (event.button !== 0 || !event.isPrimary || stop.current !== null) {
        return;
      }
      const held = event.pointerType === 'touch' && !byHandle;
      const from = { x: event.clientX, y: event.clientY };
      let pointer = from;
      let at: number | null = null;
      let started = false;
      let frame = 0;
      let timer: ReturnType<typeof setTimeout> | undefined;

      const follow = () => {
        at = placeAt(list.current, pointer, dragged.what === 'layer');
        setDrag(now => (now !== null && now.at === at ? now : { dragged, at }));
        ghost.current?.style.setProperty('transform', `translate(${pointer.x + 12}px, ${pointer.y - 14}px)`);
      };
      const scroll = () => {
        if (scrollNear(list.current, pointer)) {
          follow();
        }
        frame = requestAnimationFrame(scroll);
      };
      const start = () => {
        started = true;
        follow();
        frame = requestAnimationFrame(scroll);
      };
      const move = (now: PointerEvent) => {
        if (now.pointerId !== event.pointerId) {
          return;
        }
        pointer = { x: now.clientX, y: now.clientY };
        const far = Math.hypot(pointer.x - from.x, pointer.y - from.y);
        if (started) {
          follow();
        } else if (held && far > FINGER_MAY_MOVE) {
          end();
        } else if (!held && far > MOUSE_STARTS_AT) {
          start();
        }
      };
      const end = () => {
        clearTimeout(timer);
        cancelAnimationFrame(frame);
        window.removeEventListener('pointermove', move);
        window.removeEventListener('pointerup', up);
        window.removeEventListener('pointercancel', cancel);
        window.removeEventListener('keydown', key, true);
        document.removeEventListener('touchmove', keepStill);
        stop.current = null;
        setDrag(null);
      };
      const cancel = () => {
        const was = started;
        end();
        if (was) {
          newest.current.onDropNowhere();
        }
      };
      const up = (now: PointerEvent) => {
        if (now.pointerId !== event.pointerId) {
          return;
        }
        const was = started;
        end();
        if (was) {
          swallowClick();
          if (at === null) {
            newest.current.onDropNowhere();
          } else {
            newest.current.onDrop(dragged, at);
          }
        }
      };
      const key = (now: KeyboardEvent) => {
        if (started && now.key === 'Escape') {
          now.stopPropagation();
          now.preventDefault();
          cancel();
        }
      };
      // A browser scrolls by touch unless it is told not to while the finger moves.
      const keepStill = (now: TouchEvent) => started && now.preventDefault();

      stop.current = end;
      window.addEventListener('pointermove', move);
      window.addEventListener('pointerup', up);
      window.addEventListener('pointercancel', cancel);
      window.addEventListener('keydown', key, true);
      document.addEventListener('touchmove', keepStill, { passive: false });
      if (held) {
        timer = setTimeout(start, HOLD_MS);
      }
    },
    [list, ghost]
  );
  return { drag, begin };
}

/** In front of which layer a pointer is; `null` far from the list. */
function placeAt(
  list: HTMLElement | null,
  pointer: { x: number; y: number },
  anywhere: boolean
): number | null {
  if (list === null) {
    return null;
  }
  const { left, right, top, bottom } = list.getBoundingClientRect();
  const beside =
    pointer.x < left - BESIDE ||
    pointer.x > right + BESIDE ||
    pointer.y < top - BESIDE ||
    pointer.y > bottom + BESIDE;
  if (beside && !anywhere) {
    return null;
  }
  const rows = [...list.querySelectorAll<HTMLElement>('[data-layer]')];
  const next = rows.findIndex(row => {
    const box = row.getBoundingClientRect();
    return pointer.y < box.top + box.height / 2;
  });
  return next < 0 ? rows.length : next;
}

/** The click that ends a drag means nothing. */
function swallowClick(): void {
  const swallow = (event: MouseEvent) => {
    event.stopPropagation();
    event.preventDefault();
  };
  window.addEventListener('click', swallow, { capture: true, once: true });
  setTimeout(() => window.removeEventListener('click', swallow, { capture: true }), 0);
}
