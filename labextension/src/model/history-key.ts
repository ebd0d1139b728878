/** Whether a key takes an edit back, or makes it again; where a field has a history of its own, it doesn't. */
export function historyKey(event: KeyboardEvent): 'undo' | 'redo' | null {
  const command = event.ctrlKey || event.metaKey;
  const own = event.target instanceof Element && event.target.closest('[data-own-undo]') !== null;
  if (!command || event.altKey || own) {
    return null;
  }
  const key = event.key.toLowerCase();
  if (key === 'z') {
    return event.shiftKey ? 'redo' : 'undo';
  }
  return key === 'y' && !event.shiftKey ? 'redo' : null;
}
