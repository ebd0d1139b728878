import type { JSX } from 'preact';

/** Icons only views of many runs and the page need; the panel's own are in `panel/icons.tsx`, which a notebook pays for. */
const PATHS = {
  elsewhere: 'M6.5 3.5h-3.5v9.5h9.5v-3.5M9.5 2.5h4v4M13.5 2.5l-6 6',
  list: 'M2.5 3.5h11v9h-11zM6.5 3.5v9',
  plus: 'M8 3v10M3 8h10',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3l3.2 3.2',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.2v1.6M8 13.2v1.6M1.2 8h1.6M13.2 8h1.6M3.2 3.2l1.1 1.1M11.7 11.7l1.1 1.1M3.2 12.8l1.1-1.1M11.7 4.3l1.1-1.1'
} as const;

export function StudioIcon({ name }: { name: keyof typeof PATHS }): JSX.Element {
  return (
    <svg class="dlt-icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
