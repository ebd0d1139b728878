import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from './icons';

export interface ButtonProps {
  icon?: IconName;
  label: string;
  /** What it says while it is at work; room for it is kept, so that nothing moves. */
  busyLabel?: string;
  busy?: boolean;
  disabled?: boolean;
  title?: string;
  kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  /** Shows the icon only; the label stays for screen readers. */
  compact?: boolean;
  pressed?: boolean;
  autoFocus?: boolean;
  class?: string;
  onClick: () => void;
}

export function Button(props: ButtonProps): JSX.Element {
  const { icon, label, busyLabel, busy = false, disabled = false, kind = 'plain', compact = false } = props;
  const ref = useRef<HTMLButtonElement>(null);
  const focus = props.autoFocus === true;
  // At once: a key that follows the one which brought it must not go elsewhere.
  useLayoutEffect(() => {
    if (focus) {
      ref.current?.focus();
    }
  }, [focus]);
  const shown = busy ? (busyLabel ?? label) : label;
  const reserved = busy ? label : busyLabel;
  return (
    <button
      ref={ref}
      type="button"
      class={`dlt-button dlt-button-${kind} ${compact ? 'dlt-compact' : ''} ${props.class ?? ''}`}
      // Stays focusable while it works or can't: focus must not fall away under a keyboard user.
      aria-disabled={disabled || busy}
      aria-busy={busy}
      aria-pressed={props.pressed}
      aria-label={compact ? shown : undefined}
      title={props.title ?? (compact ? shown : undefined)}
      onClick={() => {
        if (!disabled && !busy) {
          props.onClick();
        }
      }}
    >
      <span class="dlt-button-face">
        {icon === undefined ? null : <Icon name={icon} />}
        <span class="dlt-button-label">{shown}</span>
      </span>
      {reserved === undefined ? null : (
        <span class="dlt-ghost" aria-hidden="true">
          {reserved}
        </span>
      )}
    </button>
  );
}

/** Copies a text, and says so for a moment in place of its label. */
export function CopyButton({
  text,
  label,
  compact = false
}: {
  text: string;
  label: string;
  compact?: boolean;
}): JSX.Element {
  const [said, setSaid] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    setSaid((await copyText(text)) ? 'Copied' : 'Select and copy it by hand');
    timer.current = setTimeout(() => setSaid(null), 1600);
  };
  return (
    <Button
      icon={said === 'Copied' ? 'check' : 'copy'}
      label={said ?? label}
      kind="quiet"
      compact={compact}
      onClick={() => void copy()}
    />
  );
}

/** Puts a text on the clipboard; `false` where the page may not. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (error) {
    // Absent without HTTPS (TypeError), refused in a frame (DOMException).
    if (error instanceof DOMException || error instanceof TypeError) {
      return false;
    }
    throw error;
  }
}

/** Asks once, in place, before something is done that can't be taken back. Escape means no. */
export function Ask(props: {
  question: string;
  yes: string;
  no: string;
  kind?: 'primary' | 'danger';
  /** A third answer; it counts as a no to the question itself. */
  other?: { label: string; onPick: () => void } | undefined;
  onAnswer: (yes: boolean) => void;
}): JSX.Element {
  const { other } = props;
  return (
    <div
      class="dlt-ask"
      role="group"
      aria-label={props.question}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          props.onAnswer(false);
        }
      }}
    >
      <span class="dlt-ask-question">{props.question}</span>
      <Button
        label={props.yes}
        kind={props.kind ?? 'danger'}
        autoFocus
        onClick={() => props.onAnswer(true)}
      />
      {other === undefined ? null : (
        <Button
          label={other.label}
          onClick={() => {
            props.onAnswer(false);
            other.onPick();
          }}
        />
      )}
      <Button label={props.no} onClick={() => props.onAnswer(false)} />
    </div>
  );
}

/** A place with nothing to show yet: why, and what will change that. */
export function Empty({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class="dlt-empty">
      <p class="dlt-empty-title">{title}</p>
      <p>{children}</p>
    </div>
  );
}
