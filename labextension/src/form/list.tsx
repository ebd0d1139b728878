import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../panel/button';
import { Icon, type IconName } from '../panel/icons';
import { useFormWords } from './words';
import { isSettings } from '../model/yaml-document';
import { LeftOvers, Rows } from './fields';
import { partNamed } from './named';
import { PartSettings, useOffered } from './part';
import { type ControlProps, startsWith, useSurroundings } from './surroundings';

/** A list of parts, or of groups of settings: added, taken away, and put in order, by mouse or by keyboard. */
export function ListControl(props: ControlProps): JSX.Element {
  const { field, path, value, fallback, label, id } = props;
  const form = useFormWords();
  const { disabled, onChange, onRemove } = useSurroundings();
  const item = field.item;
  const offered = useOffered(item?.parts);
  const given = value === undefined ? fallback : value;
  const items = given === undefined || given === null ? [] : Array.isArray(given) ? given : [given];
  const alone = !Array.isArray(value) && items.length === 1;
  const whole = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const [focus, setFocus] = useState<{ at: number; action: string } | null>(null);
  const [said, setSaid] = useState('');
  useLayoutEffect(() => {
    if (focus !== null) {
      const row = list.current?.children[focus.at];
      const button = row?.querySelector<HTMLElement>(`[data-action="${focus.action}"]:not(:disabled)`);
      // Of what is gone as a whole only the way to add is left.
      const next =
        button ?? (row ?? whole.current)?.querySelector<HTMLElement>(':is(button, select):not(:disabled)');
      next?.focus();
      setFocus(null);
    }
  }, [focus]);
  const write = (next: unknown[]) => {
    if (
      next.length === 0 &&
      (fallback === undefined || fallback === null || (Array.isArray(fallback) && fallback.length === 0))
    ) {
      onRemove(path);
    } else {
      onChange(path, next);
    }
  };
  const nameOf = (entry: unknown, at: number) => partNamed(entry) ?? `${label} ${at + 1}`;
  const keys = keysOf(items.map(partNamed));
  const move = (at: number, by: number) => {
    const to = at + by;
    if (to >= 0 && to < items.length) {
      write(items.toSpliced(at, 1).toSpliced(to, 0, items[at]));
      setFocus({ at: to, action: by < 0 ? 'up' : 'down' });
      setSaid(form.moved(nameOf(items[at], at), to + 1, items.length));
    }
  };
  return (
    <div
      ref={whole}
      class="dlt-field-list"
      role="group"
      aria-label={label}
      aria-describedby={props.describedBy}
    >
      {items.length === 0 ? null : (
        <ol ref={list}>
          {items.map((entry, at) => (
            <Item
              key={keys[at]}
              {...props}
              entry={entry}
              path={alone ? path : [...path, at]}
              name={nameOf(entry, at)}
              first={at === 0}
              last={at === items.length - 1}
              onMove={by => move(at, by)}
              onTake={() => {
                write(items.toSpliced(at, 1));
                setFocus({ at: Math.min(at, items.length - 2), action: 'take' });
              }}
            />
          ))}
        </ol>
      )}
      {item?.kind === 'part' ? (
        <select
          id={id}
          class="dlt-input dlt-field-add"
          aria-label={form.add(label)}
          aria-invalid={props.invalid}
          value=""
          disabled={disabled || offered === null}
          onChange={event => {
            const { value: picked } = event.currentTarget;
            event.currentTarget.value = '';
            if (picked !== '') {
              write([...items, picked]);
            }
          }}
        >
          <option value="">{form.choose}</option>
          {(offered ?? []).map(it => (
            <option key={it.name} value={it.name}>
              {it.name}
            </option>
          ))}
        </select>
      ) : (
        <Button
          label={form.addItem}
          title={form.add(label)}
          disabled={disabled}
          onClick={() => write([...items, {}])}
        />
      )}
      <span class="dlt-hidden" role="status">
        {said}
      </span>
    </div>
  );
}

/** What an item is known by when it is moved: the same part may stand there twice, and groups have no name. */
function keysOf(names: readonly (string | null)[]): string[] {
  return names.map((name, at) => `${name}-${names.slice(0, at).filter(other => other === name).length}`);
}

interface ItemProps extends ControlProps {
  entry: unknown;
  name: string;
  first: boolean;
  last: boolean;
  onMove: (by: number) => void;
  onTake: () => void;
}

function Item(props: ItemProps): JSX.Element {
  const { field, entry, path, name, first, last, onMove, onTake } = props;
  const form = useFormWords();
  const { disabled, problems, framework } = useSurroundings();
  const { item } = field;
  const offered = useOffered(item?.parts);
  const part = offered?.find(it => it.name === partNamed(entry));
  const strange = item?.kind === 'part' && offered !== null && part === undefined;
  const wrong = problems.filter(problem => startsWith(problem.path, path));
  const settled = isSettings(entry);
  const [open, setOpen] = useState(item?.kind === 'group' || wrong.length > 0);
  const action = (
    which: 'up' | 'down' | 'take',
    icon: IconName,
    label: string,
    off: boolean,
    act: () => void
  ) => (
    <button
      type="button"
      class="dlt-field-action"
      data-action={which}
      aria-label={label}
      title={label}
      disabled={disabled || off}
      onClick={act}
    >
      <Icon name={icon} />
    </button>
  );
  const body =
    item === undefined ? null : item.kind === 'group' ? (
      <>
        <Rows fields={item.fields ?? []} path={path} value={entry} short={item.short} />
        <LeftOvers path={path} value={entry} known={(item.fields ?? []).map(it => it.name)} />
      </>
    ) : part === undefined ? null : (
      <PartSettings field={item} part={part} path={path} value={entry} />
    );
  const mine = wrong.filter(problem => problem.path.length <= path.length || body === null);
  return (
    <li class="dlt-field-item" data-bad={strange || wrong.length > 0}>
      <div class="dlt-field-item-head">
        {body === null ? (
          <span class="dlt-field-item-name">{name}</span>
        ) : (
          <button
            type="button"
            class="dlt-field-item-name"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            <Icon name={open ? 'down' : 'right'} />
            {name}
            {settled && !open ? <span class="dlt-muted">{summary(entry)}</span> : null}
          </button>
        )}
        {action('up', 'down', form.up(name), first, () => onMove(-1))}
        {action('down', 'down', form.down(name), last, () => onMove(1))}
        {action('take', 'cross', form.remove(name), false, onTake)}
      </div>
      {strange && mine.length === 0 ? (
        <p class="dlt-field-problem">{form.gone(name, framework ?? '')}</p>
      ) : null}
      {mine.map(problem => (
        <p key={problem.message} class="dlt-field-problem">
          {problem.message}
        </p>
      ))}
      {open && body !== null ? <div class="dlt-field-inner">{body}</div> : null}
    </li>
  );
}

function summary(entry: object): string {
  return Object.entries(entry)
    .filter(([key]) => key !== 'type')
    .map(([key, value]) => `${key}: ${typeof value === 'object' ? '…' : value}`)
    .join(', ');
}
