/** How near an edge something scrolls, and by how much a frame at most; in pixels. */
const EDGE = 40;
const FASTEST = 14;

/**
 * Scrolls what is around an element, while a pointer is near its edge; the innermost that still can. Tells whether
 * something moved.
 */
export function scrollNear(element: HTMLElement | null, pointer: { y: number }): boolean {
  for (let it = element; it !== null; it = it.parentElement) {
    const isPage = it === document.scrollingElement;
    if (!isPage && !/auto|scroll/.test(getComputedStyle(it).overflowY)) {
      continue;
    }
    const box = it.getBoundingClientRect();
    const top = isPage ? 0 : Math.max(box.top, 0);
    const bottom = isPage ? window.innerHeight : Math.min(box.bottom, window.innerHeight);
    const above = top + EDGE - pointer.y;
    const below = pointer.y - (bottom - EDGE);
    const by = above > 0 ? -above : below > 0 ? below : 0;
    const before = it.scrollTop;
    it.scrollTop += Math.max(-FASTEST, Math.min(FASTEST, by / 3));
    if (it.scrollTop !== before) {
      return true;
    }
  }
  return false;
}
