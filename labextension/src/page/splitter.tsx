import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';

const NARROWEST = 240;
const WIDEST = 560;
const STEP = 20;

interface SplitterProps {
  label: string;
  /** The element whose width it sets. */
  controls: string;
  width: number;
  onWidth: (width: number) => void;
}

/** The line between the list and the view: dragged, or moved with the arrow keys. */
export function Splitter({ label, controls, width, onWidth }: SplitterProps): JSX.Element {
  const from = useRef<{ x: number; width: number } | null>(null);
  const set = (wanted: number) => onWidth(Math.round(Math.min(WIDEST, Math.max(NARROWEST, wanted))));
  return (
    <div
      class="dltp-splitter"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={label}
      aria-controls={controls}
      aria-valuemin={NARROWEST}
      aria-valuemax={WIDEST}
      aria-valuenow={width}
      title={label}
      onKeyDown={event => {
        const wanted = {
          ArrowLeft: width - STEP,
          ArrowRight: width + STEP,
          Home: NARROWEST,
          End: WIDEST
        }[event.key];
        if (wanted !== undefined) {
          event.preventDefault();
          set(wanted);
        }
      }}
      onPointerDown={event => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, width };
      }}
      onPointerMove={event => {
        if (from.current !== null) {
          set(from.current.width + event.clientX - from.current.x);
        }
      }}
      onLostPointerCapture={() => {
        from.current = null;
      }}
    />
  );
}
