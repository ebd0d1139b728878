/** Colours of a run's curves, and how a canvas learns the colours of the theme. */

/** Number of colours in the palette of `theme.css`, all told apart by colour-blind people. */
const PALETTE = 6;

/** The colour of a run, the same in every view: a hash of its id picks it. */
export function runColour(id: string): string {
  let hash = 0;
  for (const character of id) {
    hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  }
  return `var(--dlt-series-${hash % PALETTE})`;
}

/** What a canvas draws with, read from the style sheet. */
export interface Ink {
  validation: string;
  train: string;
  faint: string;
  text: string;
  muted: string;
  grid: string;
  background: string;
  error: string;
  font: string;
}

/** Reads the theme's colours where `element` stands; custom properties only have a value on an element. */
export function readInk(element: HTMLElement): Ink {
  const probe = document.createElement('span');
  probe.style.display = 'none';
  element.append(probe);
  const colour = (value: string) => {
    probe.style.color = value;
    return getComputedStyle(probe).color;
  };
  const ink: Ink = {
    validation: colour('var(--dlt-run)'),
    train: colour('color-mix(in srgb, var(--dlt-run) 62%, var(--dlt-surface))'),
    faint: colour('color-mix(in srgb, var(--dlt-run) 28%, var(--dlt-surface))'),
    text: colour('var(--dlt-text)'),
    muted: colour('var(--dlt-muted)'),
    grid: colour('var(--dlt-grid)'),
    background: colour('var(--dlt-surface)'),
    error: colour('var(--dlt-error)'),
    font: `11px ${getComputedStyle(element).fontFamily}`
  };
  probe.remove();
  return ink;
}

/** Calls back when the theme of the page or of the system changes. */
export function watchTheme(callback: () => void): () => void {
  const observer = new MutationObserver(callback);
  const attributeFilter = [
    'class',
    'theme',
    'data-jp-theme-light',
    'data-jp-theme-name',
    'data-vscode-theme-kind'
  ];
  observer.observe(document.documentElement, { attributes: true, attributeFilter });
  observer.observe(document.body, { attributes: true, attributeFilter });
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', callback);
  return () => {
    observer.disconnect();
    system.removeEventListener('change', callback);
  };
}
