import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useUniqueId } from './hooks';
import { Icon, type IconName } from './icons';

export interface MenuItem {
  icon: IconName;
  label: string;
  disabled?: boolean;
  onPick: () => void;
}

/**
 * The ⋯ button and what hangs below it. Arrow keys move; Escape, a click elsewhere and scrolling close. The
 * list stands in the browser's top layer, because a notebook's output cuts off what reaches beyond it.
 */
export function Menu({ label, items }: { label: string; items: MenuItem[] }): JSX.Element {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useUniqueId();

  useEffect(() => {
    if (!open) {
      return undefined;
    }
    place(list.current, button.current);
    entries(root.current)[0]?.focus();
    const outside = (event: Event) => {
      if (event.target instanceof Node && root.current?.contains(event.target) !== true) {
        setOpen(false);
      }
    };
    const shut = () => setOpen(false);
    document.addEventListener('pointerdown', outside, true);
    document.addEventListener('scroll', shut, true);
    return () => {
      document.removeEventListener('pointerdown', outside, true);
      document.removeEventListener('scroll', shut, true);
    };
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const all = entries(root.current);
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    if (event.key === 'Escape' || event.key === 'Tab') {
      close();
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
    <div class="dlt-menu" ref={root}>
      <button
        ref={button}
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
        <div
          class="dlt-menu-list"
          popover="manual"
          ref={list}
          role="menu"
          id={id}
          aria-label={label}
          onKeyDown={onKeyDown}
        >
          {items.map(item => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              aria-disabled={item.disabled === true}
              onClick={() => {
                if (item.disabled !== true) {
                  close();
                  item.onPick();
                }
              }}
            >
              <Icon name={item.icon} />
              {item.label}
            </button>
          ))}
        </div>
      ) : null}
    </div>
  );
}

/** Below the button if there is room, else above; flush with its right edge. */
function place(list: HTMLElement | null, button: HTMLElement | null): void {
  if (list === null || button === null) {
    return;
  }
  list.showPopover();
  const [anchor, own] = [button.getBoundingClientRect(), list.getBoundingClientRect()];
  const below = anchor.bottom + own.height + 8 < innerHeight;
  list.style.left = `${Math.max(4, anchor.right - own.width)}px`;
  list.style.top = `${below ? anchor.bottom + 4 : anchor.top - own.height - 4}px`;
}

function entries(root: HTMLElement | null): HTMLButtonElement[] {
  return [...(root?.querySelectorAll<HTMLButtonElement>('[role=menuitem]') ?? [])];
}
