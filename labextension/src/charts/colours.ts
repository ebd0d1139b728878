/** Colours of a run's curves, and how a canvas learns the colours of the theme. */

/** Number of colours in the palette of `theme.css`, all told apart by colour-blind people. */
const PALETTE = 6;

/** The colour of a run, the same in every view: a hash of its id picks it. */
export function runColour(id: string): string {
  return `var(--dlt-series-${hashed(id)})`;
}

/** The place in the palette of the colour that tells mistakes, and of the one that does so for a run of that colour. */
const MISTAKES = { usual: 1, otherwise: 3 };

/** The colour of what a run got wrong: never the run's own, which tells what it got right. */
export function wrongColour(id: string): string {
  const { usual, otherwise } = MISTAKES;
  return `var(--dlt-series-${hashed(id) === usual ? otherwise : usual})`;
}

function hashed(id: string): number {
  let hash = 0;
  for (const character of id) {
    hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  }
  return hash % PALETTE;
}

/**
 * The colours of runs shown together: each its own, or the next one that is free. With more runs than colours some
 * come again, one round later.
 *
 * @param known what was chosen before, and stays
 */
export function runColours(ids: string[], known: ReadonlyMap<string, RunColour>): Map<string, RunColour> {
  const chosen = new Map(
    ids.flatMap(id => (known.has(id) ? [[id, known.get(id) as RunColour] as const] : []))
  );
  for (const id of ids.filter(other => !chosen.has(other))) {
    const own = hashed(id);
    const times = Array.from(
      { length: PALETTE },
      (_, i) => [...chosen.values()].filter(({ index }) => index === i).length
    );
    const round = Math.min(...times);
    const index = Array.from({ length: PALETTE }, (_, i) => (own + i) % PALETTE).find(
      i => times[i] === round
    );
    chosen.set(id, { index: index ?? own, round, css: `var(--dlt-series-${index ?? own})` });
  }
  return chosen;
}

export interface RunColour {
  index: number;
  /** How many runs before it have the same colour; tells its dashes. */
  round: number;
  css: string;
}

/** The colours of one run's curves. */
export interface RunInk {
  validation: string;
  train: string;
  faint: string;
}

/** What a canvas draws with, read from the style sheet. */
export interface Ink {
  /** Colours of a run's curves; of the run around the chart unless one is named in CSS. */
  run(colour?: string): RunInk;
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
  const colour = (value: string) => {
    element.append(probe);
    probe.style.color = value;
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
  const mixed = (run: string, percent: number) =>
    colour(`color-mix(in srgb, ${run} ${percent}%, var(--dlt-surface))`);
  const runs = new Map<string, RunInk>();
  return {
    run(name = 'var(--dlt-run)') {
      const ink = runs.get(name) ?? {
        validation: colour(name),
        train: mixed(name, 62),
        faint: mixed(name, 28)
      };
      runs.set(name, ink);
      return ink;
    },
    text: colour('var(--dlt-text)'),
    muted: colour('var(--dlt-muted)'),
    grid: colour('var(--dlt-grid)'),
    background: colour('var(--dlt-surface)'),
    error: colour('var(--dlt-error)'),
    font: `11px ${getComputedStyle(element).fontFamily}`
  };
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
