import type { JSX, RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useUniqueId } from './hooks';
import { Icon, type IconName } from './icons';

export interface MenuItem {
  icon: IconName;
  label: string;
  disabled?: boolean;
  onPick: () => void;
}

/** The ⋯ button and what hangs below it. */
export function Menu({ label, items }: { label: string; items: MenuItem[] }): JSX.Element {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useUniqueId();
  const button = () => root.current?.querySelector('button');
  return (
    <div class="dlt-menu" ref={root}>
      <button
        type="button"
        class="dlt-button dlt-button-quiet dlt-compact"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={id}
        aria-label={label}
        title={label}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" />
      </button>
      {open ? (
        <MenuList
          id={id}
          label={label}
          items={items}
          root={root}
          near={() => button()?.getBoundingClientRect()}
          onClose={back => {
            setOpen(false);
            if (back) {
              button()?.focus();
            }
          }}
        />
      ) : null}
    </div>
  );
}

/**
 * An open menu. Arrow keys move; Escape, a click elsewhere and scrolling close. It stands in the browser's
 * top layer, because a notebook's output cuts off what reaches beyond it.
 */
export function MenuList(props: {
  id?: string;
  label: string;
  items: MenuItem[];
  /** What a click on isn't a click elsewhere: the menu's place in the page, and its button. */
  root: RefObject<HTMLElement | null>;
  /** What it hangs below; a click of the mouse is a rectangle without a size. */
  near: () => DOMRect | undefined;
  /** Told whether the focus should go back to where it was. */
  onClose: (back: boolean) => void;
}): JSX.Element {
  const { root, near, onClose } = props;
  const list = useRef<HTMLDivElement>(null);
  const now = useRef({ near, onClose });
  now.current = { near, onClose };
  // At once: an arrow key may follow the one that opened it before anything was painted.
  useLayoutEffect(() => {
    place(list.current, now.current.near());
    entries(list.current)[0]?.focus();
    const shut = (event: Event) => {
      const inside = event.target instanceof Node && root.current?.contains(event.target) === true;
      if (event.type === 'scroll' || !inside) {
        now.current.onClose(false);
      }
    };
    document.addEventListener('pointerdown', shut, true);
    document.addEventListener('scroll', shut, true);
    return () => {
      document.removeEventListener('pointerdown', shut, true);
      document.removeEventListener('scroll', shut, true);
    };
  }, [root]);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const all = entries(list.current);
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    if (event.key === 'Escape' || event.key === 'Tab') {
      onClose(true);
    } else if (step !== undefined) {
      all[(at + step + all.length) % all.length]?.focus();
    } else if (event.key === 'Home' || event.key === 'End') {
      all.at(event.key === 'Home' ? 0 : -1)?.focus();
    } else {
      return;
    }
    event.stopPropagation();
    event.preventDefault();
  };

  return (
    <div
      class="dlt-menu-list"
      popover="manual"
      ref={list}
      role="menu"
      id={props.id}
      aria-label={props.label}
      onKeyDown={onKeyDown}
    >
      {props.items.map(item => (
        <button
          key={item.label}
          type="button"
          role="menuitem"
          tabIndex={-1}
          aria-disabled={item.disabled === true}
          onClick={() => {
            if (item.disabled !== true) {
              onClose(true);
              item.onPick();
            }
          }}
        >
          <Icon name={item.icon} />
          {item.label}
        </button>
      ))}
    </div>
  );
}

/** Below what it belongs to if there is room, else above; flush with its right edge, or right of a point. */
function place(list: HTMLElement | null, near: DOMRect | undefined): void {
  if (list === null || near === undefined) {
    return;
  }
  list.showPopover();
  const own = list.getBoundingClientRect();
  const below = near.bottom + own.height + 8 < innerHeight;
  const left = Math.min(near.width > 0 ? near.right - own.width : near.left, innerWidth - own.width - 4);
  list.style.left = `${Math.max(4, left)}px`;
  list.style.top = `${Math.max(4, below ? near.bottom + 4 : near.top - own.height - 4)}px`;
}

function entries(root: HTMLElement | null): HTMLButtonElement[] {
  return [...(root?.querySelectorAll<HTMLButtonElement>('[role=menuitem]') ?? [])];
}
