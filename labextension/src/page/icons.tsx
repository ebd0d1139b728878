import type { JSX } from 'preact';

/** Icons only the page's frame needs. */
const PATHS = {
  list: 'M2.5 3.5h11v9h-11zM6.5 3.5v9',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.2v1.6M8 13.2v1.6M1.2 8h1.6M13.2 8h1.6M3.2 3.2l1.1 1.1M11.7 11.7l1.1 1.1M3.2 12.8l1.1-1.1M11.7 4.3l1.1-1.1'
} as const;

export function PageIcon({ name }: { name: keyof typeof PATHS }): JSX.Element {
  return (
    <svg class="dlt-icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
