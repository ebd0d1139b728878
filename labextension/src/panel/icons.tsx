import type { JSX } from 'preact';

/** Drawn on a 16 × 16 grid, one stroke weight, in the colour of the text around them. */
const PATHS = {
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.2v9.6l7.5-4.8z',
  stop: 'M4 4h8v8H4z',
  save: 'M8 2.5v7M5 7l3 3 3-3M3 11v2.5h10V11',
  star: 'M8 2l1.8 3.9 4.2.5-3.1 2.9.8 4.2L8 11.4l-3.7 2.1.8-4.2L2 6.4l4.2-.5z',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  down: 'M4 6l4 4 4-4',
  right: 'M6 4l4 4-4 4',
  check: 'M3 8.5l3.2 3L13 4.5',
  cross: 'M4 4l8 8M12 4l-8 8',
  copy: 'M5.5 5.5V2.5h8v8h-3M2.5 5.5h8v8h-8z',
  clone: 'M4 2.5v11M4 8.5c5 0 8-1 8-6M9.5 4.5l2.5-2 2 2.5',
  moon: 'M12.8 9.8A5.5 5.5 0 0 1 6.2 3.2a5.5 5.5 0 1 0 6.6 6.6z',
  rate: 'M2.5 12.5h4v-4h4v-4h3',
  warning: 'M8 2.2L14.5 13.5h-13zM8 6.5v3.2M8 11.7h.01',
  info: 'M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4zM8 7.3v3.7M8 5h.01',
  unplug:
    'M2.5 13.5l2.7-2.7M5.2 8.2l2.6 2.6-1 1a1.9 1.9 0 0 1-2.6-2.6zM13.5 2.5l-2.7 2.7M8.2 5.2l2.6 2.6 1-1a1.9 1.9 0 0 0-2.6-2.6z',
  clock: 'M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4zM8 4.5V8l2.3 1.6',
  up: 'M8 10.5v-7M5 6l3-3 3 3M3 11v2.5h10V11',
  camera: 'M2.5 5h2.7l1-1.5h3.6l1 1.5h2.7v7.5h-11zM8 10.8a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z',
  back: 'M13 8H3.5M7 4L3 8l4 4',
  reset: 'M3 7.5a5 5 0 1 1 1.2 4M3 3.5v4h4'
} as const;

const FILLED = new Set<string>(['play', 'stop', 'star']);

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="dlt-icon" viewBox="0 0 16 16" aria-hidden="true" data-filled={FILLED.has(name)}>
      <path d={PATHS[name]} />
    </svg>
  );
}
