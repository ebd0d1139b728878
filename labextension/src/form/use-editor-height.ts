import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/** Pixels that an editor is high at least; what is around it is scrolled then. */
const LEAST = 260;

/** Where something begins and ends on the screen, in pixels. */
interface Span {
  top: number;
  bottom: number;
}

export interface Room {
  /** What can be seen of whatever is scrolled, and how far that is. */
  seen: Span & { scrolled: number };
  /** Where the editor's place begins. */
  top: number;
  /** Where what stands beside the editor ends. */
  besides: number;
  /** How high is what stays in sight below the editor. */
  foot: number;
}

/** How high an editor is so that it fills what can be seen of it: from its top, or the screen's, to what is below it. */
export function editorHeight({ seen, top, besides, foot }: Room): number {
  const unscrolled = seen.bottom - seen.top - (top - seen.top + seen.scrolled) - foot;
  const end = Math.min(seen.bottom - foot, Math.max(besides, top + unscrolled));
  return Math.max(LEAST, Math.floor(end - Math.max(top, seen.top)));
}

/** Keeps the editor as high as there is room for it, in `--dlt-code-height` of its pane: what is beside that is left alone. */
export function useEditorHeight(root: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const { current } = root;
    const editor = current?.querySelector<HTMLElement>('.dlt-pane-yaml');
    const foot = current?.querySelector<HTMLElement>('.dlt-run-foot');
    if (!current || !editor || !foot) {
      return undefined;
    }
    const scroller = scrollerOf(current);
    const fit = () => {
      if (editor.hidden || current.clientWidth === 0) {
        return;
      }
      const box = scroller.getBoundingClientRect();
      const isPage = scroller === document.scrollingElement;
      const height = editorHeight({
        seen: {
          top: isPage ? 0 : Math.max(box.top, 0),
          bottom: isPage ? window.innerHeight : Math.min(box.bottom, window.innerHeight),
          scrolled: scroller.scrollTop
        },
        top: editor.getBoundingClientRect().top,
        besides: current.querySelector('.dlt-pane-form')?.getBoundingClientRect().bottom ?? 0,
        foot: foot.offsetHeight
      });
      editor.style.setProperty('--dlt-code-height', `${height}px`);
    };
    const observer = new ResizeObserver(fit);
    for (const it of [current, foot, scroller]) {
      observer.observe(it);
    }
    fit();
    const heard: EventTarget = scroller === document.scrollingElement ? document : scroller;
    heard.addEventListener('scroll', fit, { passive: true });
    window.addEventListener('resize', fit);
    return () => {
      observer.disconnect();
      heard.removeEventListener('scroll', fit);
      window.removeEventListener('resize', fit);
    };
  }, [root]);
}

function scrollerOf(element: HTMLElement): Element {
  for (let it = element.parentElement; it !== null; it = it.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(it).overflowY)) {
      return it;
    }
  }
  return document.scrollingElement ?? document.documentElement;
}
