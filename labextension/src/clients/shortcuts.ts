const OURS = new Set([
  'Enter',
  ' ',
  'Escape',
  'ArrowLeft',
  'ArrowRight',
  'ArrowUp',
  'ArrowDown',
  'Home',
  'End'
]);

/**
 * Keeps JupyterLab's shortcuts off the keys the panel uses while it has the focus: in command mode Lab takes
 * Enter and the arrow keys before a button sees them. Everything else (save, run cell) stays Lab's.
 *
 * Lab listens on the document's capture phase and skips elements with this attribute, so it is set one
 * phase earlier, on the window. Gives a function that ends it.
 */
export function keepKeys(element: HTMLElement): () => void {
  const guard = (event: KeyboardEvent) => {
    const { target } = event;
    if (!(target instanceof HTMLElement) || !element.contains(target)) {
      return;
    }
    const modified =
      event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === 'Enter');
    const typing = target.matches('input, select, textarea');
    element.toggleAttribute('data-lm-suppress-shortcuts', !modified && (typing || OURS.has(event.key)));
  };
  window.addEventListener('keydown', guard, true);
  return () => window.removeEventListener('keydown', guard, true);
}
