import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icons';

export interface Tab<Id extends string> {
  id: Id;
  label: string;
}

/** How much of what is in sight a press on an arrow moves on. */
const STRIDE = 0.7;
/** Pixels at either end that an arrow may cover. */
const ROOM = 36;

/** Where a key leads from tab `at`; `null` if the key is none of ours. */
export function tabAfter(key: string, at: number, length: number): number | null {
  switch (key) {
    case 'ArrowRight':
      return (at + 1) % length;
    case 'ArrowLeft':
      return (at - 1 + length) % length;
    case 'Home':
      return 0;
    case 'End':
      return length - 1;
    default:
      return null;
  }
}

/**
 * A row of tabs, one stop for the Tab key; arrow keys, Home and End choose among them. Where there isn't room for all,
 * the row fades towards those out of sight, arrows lead there, and the chosen one comes into sight.
 */
export function Tabs<Id extends string>(props: {
  tabs: Tab<Id>[];
  selected: Id;
  prefix: string;
  label: string;
  /** Whether each tab has a body of its own, `PREFIX-ID`, in place of one for all. */
  bodies?: boolean;
  onSelect: (id: Id) => void;
}): JSX.Element {
  const row = useRef<HTMLDivElement>(null);
  const [more, setMore] = useState({ before: false, after: false });
  const measure = () => {
    const { scrollLeft = 0, scrollWidth = 0, clientWidth = 0 } = row.current ?? {};
    const [before, after] = [scrollLeft > 1, scrollLeft + clientWidth < scrollWidth - 1];
    setMore(was => (was.before === before && was.after === after ? was : { before, after }));
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: it measures the element alone.
  useLayoutEffect(() => {
    const { current } = row;
    const observer = new ResizeObserver(measure);
    if (current !== null) {
      observer.observe(current);
    }
    return () => observer.disconnect();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab was chosen.
  useLayoutEffect(() => {
    if (row.current !== null) {
      reveal(row.current);
    }
  }, [props.selected]);

  const onKeyDown = (event: KeyboardEvent) => {
    const at = props.tabs.findIndex(tab => tab.id === props.selected);
    const next = tabAfter(event.key, at, props.tabs.length);
    const tab = next === null ? undefined : props.tabs[next];
    if (next === null || tab === undefined) {
      return;
    }
    event.preventDefault();
    // The notebook listens to the same keys.
    event.stopPropagation();
    props.onSelect(tab.id);
    (row.current?.children[next] as HTMLElement | undefined)?.focus({ preventScroll: true });
  };
  const arrow = (side: 'before' | 'after') => (
    <button
      type="button"
      class="dlt-tabs-more"
      data-side={side}
      hidden={!more[side]}
      // The keyboard reaches every tab without it, and so does a screen reader.
      tabIndex={-1}
      aria-hidden="true"
      onClick={() => {
        const { current } = row;
        current?.scrollBy({
          left: (side === 'after' ? STRIDE : -STRIDE) * current.clientWidth,
          behavior: 'smooth'
        });
      }}
    >
      <Icon name="down" />
    </button>
  );
  return (
    <div class="dlt-tabs-frame" data-before={more.before} data-after={more.after}>
      <div
        class="dlt-tabs"
        role="tablist"
        aria-label={props.label}
        ref={row}
        onKeyDown={onKeyDown}
        onScroll={measure}
      >
        {props.tabs.map(({ id, label }) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`${props.prefix}-tab-${id}`}
            aria-controls={`${props.prefix}-${props.bodies === true ? id : 'body'}`}
            aria-selected={id === props.selected}
            tabIndex={id === props.selected ? 0 : -1}
            onClick={() => props.onSelect(id)}
          >
            {label}
          </button>
        ))}
      </div>
      {arrow('before')}
      {arrow('after')}
    </div>
  );
}

/** Scrolls the row, and nothing around it, so that the chosen tab is seen with a part of its neighbours. */
function reveal(row: HTMLElement): void {
  const tab = row.querySelector<HTMLElement>('[aria-selected="true"]');
  if (tab !== null) {
    const [outer, inner] = [row.getBoundingClientRect(), tab.getBoundingClientRect()];
    const left = inner.left - outer.left + row.scrollLeft;
    const around = Math.max(0, (outer.width - inner.width) / 2);
    if (inner.left < outer.left + ROOM || inner.right > outer.right - ROOM) {
      row.scrollLeft = left - around;
    }
  }
}
