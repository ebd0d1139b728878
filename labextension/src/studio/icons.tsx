import type { JSX } from 'preact';

/** Icons only views of many runs need; the panel's own are in `panel/icons.tsx`, which a notebook pays for. */
const PATHS = {
  plus: 'M8 3v10M3 8h10',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3l3.2 3.2'
} as const;

export function StudioIcon({ name }: { name: keyof typeof PATHS }): JSX.Element {
  return (
    <svg class="dlt-icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
