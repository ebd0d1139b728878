/** What a key means to the list. */
export type Intent =
  | { kind: 'move'; by: number }
  | { kind: 'end'; last: boolean }
  | { kind: 'open' | 'select' | 'delete' | 'menu' | 'close' | 'unfold' | 'clear' };

/** @param page how many lines a page has */
export function intentOf(event: KeyboardEvent, page: number): Intent | null {
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return null;
  }
  if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
    return { kind: 'menu' };
  }
  return event.shiftKey ? null : (PLAIN[event.key]?.(page) ?? null);
}

const PLAIN: Record<string, (page: number) => Intent> = {
  ArrowDown: () => ({ kind: 'move', by: 1 }),
  ArrowUp: () => ({ kind: 'move', by: -1 }),
  PageDown: page => ({ kind: 'move', by: page }),
  PageUp: page => ({ kind: 'move', by: -page }),
  Home: () => ({ kind: 'end', last: false }),
  End: () => ({ kind: 'end', last: true }),
  Enter: () => ({ kind: 'open' }),
  ' ': () => ({ kind: 'select' }),
  Delete: () => ({ kind: 'delete' }),
  ArrowLeft: () => ({ kind: 'close' }),
  ArrowRight: () => ({ kind: 'unfold' }),
  Escape: () => ({ kind: 'clear' })
};
