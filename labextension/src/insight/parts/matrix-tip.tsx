import type { JSX } from 'preact';

/** What a cell says in full, in CSS pixels within the frame of the matrix. */
export interface Tip {
  text: string;
  left: number;
  top: number;
  /** Whether it opens to the left. */
  flip: boolean;
}

export function MatrixTip({ tip }: { tip: Tip | null }): JSX.Element | null {
  return tip === null ? null : (
    <div
      class="dlt-tooltip dlt-tooltip-above"
      data-flip={tip.flip}
      style={{ left: `${tip.left}px`, top: `${tip.top}px` }}
    >
      {tip.text}
    </div>
  );
}
