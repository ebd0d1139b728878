import type { JSX, RefObject } from 'preact';
import '../styles/layers.css';
import { useUniqueId } from '../panel/hooks';
import { useWords } from '../words/words';
import type { Layer, LayerLine } from './contract';
import { Gap, LayerRow } from './layer-row';
import { kindOf } from './model';
import type { LayerKind } from './rows';
import type { Drag, Dragged } from './use-drag';
import type { Stack } from './use-stack';

interface LayerListProps {
  list: RefObject<HTMLDivElement | null>;
  layers: readonly Layer[];
  lines: readonly (LayerLine | null)[];
  kinds: ReadonlyMap<string, LayerKind>;
  stack: Stack;
  drag: Drag | null;
  onPointerDown: (event: PointerEvent, dragged: Dragged, byHandle: boolean) => void;
  /** Goes to the settings of the layer that is chosen. */
  onSettings: () => void;
  /** The layer at a place is to have the focus, once it is there. */
  onFocus: () => void;
}

const PAGE = 8;

/** The layers, one under the other, with the places between them. */
export function LayerList(props: LayerListProps): JSX.Element {
  const { list, layers, lines, kinds, stack, drag } = props;
  const said = useWords().builder;
  const keys = useUniqueId();
  const reachable = Math.max(0, stack.selected);
  const gapAt = (at: number) => ({ caret: stack.caret === at, drop: drag?.at === at });
  const key = (event: KeyboardEvent) => {
    const deed = deedOf(event, stack.selected, layers.length);
    if (deed === null) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (deed.what === 'settings') {
      props.onSettings();
      return;
    }
    if (deed.what === 'move') {
      stack.move(deed.at, deed.to ?? deed.at);
    } else {
      stack[deed.what](deed.at);
    }
    props.onFocus();
  };
  return (
    <>
      <div
        ref={list}
        class="dlt-stack-list"
        role="listbox"
        tabIndex={-1}
        aria-label={said.stack}
        aria-describedby={keys}
        onKeyDown={key}
        onFocusIn={event => {
          const at = placeOf(event.target, stack.ids);
          if (at >= 0 && at !== stack.selected) {
            stack.select(at);
          }
        }}
        onClick={event => {
          const gap = (event.target as Element).closest('.dlt-gap');
          if (gap !== null) {
            const below = placeOf(gap.nextElementSibling, stack.ids);
            const at = below < 0 ? layers.length : below;
            stack.putCaret(stack.caret === at ? null : at);
          }
        }}
        onPointerDown={event => {
          const at = placeOf(event.target, stack.ids);
          if (at >= 0) {
            const byHandle = (event.target as Element).closest('[data-grip]') !== null;
            props.onPointerDown(event, { what: 'layer', at }, byHandle);
          }
        }}
      >
        {layers.map((layer, at) => (
          <LayerRow
            key={stack.ids[at]}
            id={stack.ids[at] ?? -1}
            layer={layer}
            name={stack.names[at] ?? ''}
            kind={kinds.get(kindOf(layer)) ?? null}
            line={lines[at] ?? null}
            selected={at === stack.selected}
            reachable={at === reachable}
            dragged={drag?.dragged.what === 'layer' && drag.dragged.at === at}
            gap={gapAt(at)}
          />
        ))}
        <Gap {...gapAt(layers.length)} />
      </div>
      <p class="dlt-hidden" id={keys}>
        {said.keys}
      </p>
    </>
  );
}

/** What is to be done to the layer at a place; `to` where it is moved. */
interface Deed {
  what: 'select' | 'remove' | 'duplicate' | 'move' | 'settings';
  at: number;
  to?: number;
}

/** What a key means in the list. */
function deedOf(event: KeyboardEvent, at: number, count: number): Deed | null {
  if (count === 0) {
    return null;
  }
  const command = event.ctrlKey || event.metaKey;
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (event.altKey && step !== undefined && !command) {
    return { what: 'move', at, to: at + step };
  }
  if (event.altKey || event.shiftKey) {
    return null;
  }
  if (command) {
    return event.key.toLowerCase() === 'd' ? { what: 'duplicate', at } : null;
  }
  const by = step ?? { PageUp: -PAGE, PageDown: PAGE, Home: -count, End: count }[event.key];
  if (by !== undefined) {
    return { what: 'select', at: Math.max(0, Math.min(count - 1, at + by)) };
  }
  if (event.key === 'Delete' || event.key === 'Backspace') {
    return { what: 'remove', at };
  }
  return event.key === 'Enter' || event.key === ' ' ? { what: 'settings', at } : null;
}

function placeOf(target: EventTarget | null, ids: readonly number[]): number {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-layer]') : null;
  return row === null ? -1 : ids.indexOf(Number(row.dataset.layer));
}
