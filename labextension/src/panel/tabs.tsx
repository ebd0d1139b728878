import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';

export interface Tab<Id extends string> {
  id: Id;
  label: string;
}

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

/** A row of tabs, one stop for the Tab key; arrow keys, Home and End choose among them. */
export function Tabs<Id extends string>(props: {
  tabs: Tab<Id>[];
  selected: Id;
  prefix: string;
  label: string;
  onSelect: (id: Id) => void;
}): JSX.Element {
  const row = useRef<HTMLDivElement>(null);
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
    (row.current?.children[next] as HTMLElement | undefined)?.focus();
  };
  return (
    <div class="dlt-tabs" role="tablist" aria-label={props.label} ref={row} onKeyDown={onKeyDown}>
      {props.tabs.map(({ id, label }) => (
        <button
          key={id}
          type="button"
          role="tab"
          id={`${props.prefix}-tab-${id}`}
          aria-controls={`${props.prefix}-body`}
          aria-selected={id === props.selected}
          tabIndex={id === props.selected ? 0 : -1}
          onClick={() => props.onSelect(id)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
