import type { JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { onOneLine as written } from '../model/yaml-write';
import { readValue, same } from '../model/yaml-document';
import { useFormWords } from './words';
import type { FormField } from './contract';
import { shown } from './faults';
import { Line, useFallbackText } from './line';
import { type ControlProps, useSurroundings } from './surroundings';

const isNone = (text: string) => /^(none|null|~)$/i.test(text);

/** A number, as it is written: what is no number is written down as well, and said to be none. */
export function NumberControl(props: ControlProps): JSX.Element {
  const { field, path, value, fallback } = props;
  const { onChange, onRemove, sourceOf } = useSurroundings();
  const placeholder = useFallbackText(field, fallback);
  const text = value === undefined ? '' : (sourceOf(path) ?? shown(value));
  const write = (typed: string): string[] => {
    const plain = typed.trim();
    const read = plain === '' ? undefined : readValue(plain);
    if (plain === '') {
      onRemove(path);
    } else if (typeof read === 'number') {
      onChange(path, read, plain);
    } else if (field.nullable === true && isNone(plain)) {
      onChange(path, null);
    } else {
      onChange(path, plain);
    }
    return [plain, shown(read)];
  };
  const step = (by: number) => {
    const from = typeof value === 'number' ? value : typeof fallback === 'number' ? fallback : 0;
    const size = field.step ?? (field.kind === 'int' ? 1 : 0.1);
    const low = field.minimum ?? Number.NEGATIVE_INFINITY;
    const high = field.maximum ?? Number.POSITIVE_INFINITY;
    const next = Number((from + by * size).toPrecision(12));
    onChange(path, Math.min(Math.max(next, low), high));
  };
  return (
    <Line
      {...props}
      shown={text}
      placeholder={placeholder}
      mode={field.kind === 'int' ? 'numeric' : 'decimal'}
      onText={write}
      onKeyDown={event => {
        // Rates span magnitudes: where nothing says how far a step leads, arrows do nothing.
        const steps = field.kind === 'int' || field.step !== undefined;
        if (steps && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
          event.preventDefault();
          step(event.key === 'ArrowUp' ? 1 : -1);
        }
      }}
    />
  );
}

export function TextControl(props: ControlProps): JSX.Element {
  const { field, path, value, fallback } = props;
  const { onChange, onRemove, sourceOf } = useSurroundings();
  const placeholder = useFallbackText(field, fallback);
  const text =
    value === undefined || value === null
      ? ''
      : typeof value === 'string'
        ? value
        : (sourceOf(path) ?? written(value));
  const write = (typed: string): string[] => {
    if (typed === '') {
      onRemove(path);
    } else {
      onChange(path, typed);
    }
    return [typed];
  };
  return <Line {...props} shown={text} placeholder={placeholder} onText={write} />;
}

/** What has no control of its own: YAML on one line. What doesn't parse stays in the field alone. */
export function YamlControl(props: ControlProps): JSX.Element {
  const { field, path, value, fallback, id } = props;
  const form = useFormWords();
  const { onChange, onRemove, onDraft } = useSurroundings();
  const [unread, setUnread] = useState(false);
  const placeholder = useFallbackText(field, fallback);
  const text = value === undefined ? '' : inner(field, value);
  // Both before another key, which may make it a draft, or start a run without what is held here.
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is written elsewhere takes its place.
  useLayoutEffect(() => setUnread(false), [text]);
  useLayoutEffect(() => {
    onDraft(id, unread);
    return () => onDraft(id, false);
  }, [onDraft, id, unread]);
  const write = (typed: string): string[] => {
    const plain = typed.trim();
    const read = plain === '' ? undefined : readTyped(field, plain);
    setUnread(plain !== '' && read === undefined);
    if (plain === '') {
      onRemove(path);
    } else if (read !== undefined && !same(read, value)) {
      onChange(path, read);
    }
    return [plain === '' ? '' : read === undefined ? text : inner(field, read)];
  };
  return (
    <>
      <Line
        {...props}
        shown={text}
        placeholder={placeholder}
        invalid={props.invalid || unread}
        onText={write}
        stays={unread}
        code
      />
      {unread ? (
        <span class="dlt-field-problem" role="alert">
          {form.notYaml}
        </span>
      ) : null}
    </>
  );
}

const needsBrackets = (field: FormField) => field.kind === 'list' || field.kind === 'multiselect';

/** Lists are shown, and may be written, without their brackets. */
function inner(field: FormField, value: unknown): string {
  const text = written(value);
  return needsBrackets(field) && Array.isArray(value) && value.length > 0 ? text.slice(1, -1) : text;
}

function readTyped(field: FormField, text: string): unknown {
  if (field.kind === 'mapping' && !text.startsWith('{')) {
    const read = readValue(`{${text}}`);
    const pairs = typeof read === 'object' && read !== null && !Object.values(read).includes(null);
    return pairs ? read : readValue(text);
  }
  return needsBrackets(field) && !/^[[{]/.test(text) ? readValue(`[${text}]`) : readValue(text);
}

/** True or false, for a setting that is one of them by default, too. */
export function TruthControl(props: ControlProps): JSX.Element {
  const { field, path, value, fallback } = props;
  const { disabled, onChange, onRemove } = useSurroundings();
  const now = value === undefined ? fallback : value;
  return (
    <input
      id={props.id}
      type="checkbox"
      class="dlt-field-check"
      checked={now === true}
      disabled={disabled}
      aria-invalid={props.invalid}
      aria-label={props.named}
      aria-describedby={props.describedBy}
      onChange={event => {
        const { checked } = event.currentTarget;
        if (checked === fallback && field.required !== true) {
          onRemove(path);
        } else {
          onChange(path, checked);
        }
      }}
    />
  );
}

/** One of a few values. One that isn't among them is kept, and said to be none of them. */
export function SelectControl(props: ControlProps & { options: unknown[] }): JSX.Element {
  const { field, path, value, fallback, options } = props;
  const form = useFormWords();
  const { disabled, onChange, onRemove } = useSurroundings();
  const known = options.findIndex(option => same(option, value));
  const unset = value === undefined;
  const none = field.nullable === true && fallback !== null && !options.includes(null);
  const chosen = unset ? 'unset' : known >= 0 ? String(known) : value === null ? 'none' : 'other';
  const first =
    field.required === true && fallback === undefined
      ? form.required
      : fallback === undefined || fallback === null
        ? form.notSet
        : form.byDefault(written(fallback));
  return (
    <select
      id={props.id}
      class="dlt-input dlt-field-line"
      value={chosen}
      disabled={disabled}
      aria-invalid={props.invalid}
      aria-label={props.named}
      aria-describedby={props.describedBy}
      onChange={event => {
        const { value: picked } = event.currentTarget;
        if (picked === 'unset') {
          onRemove(path);
        } else if (picked === 'none') {
          onChange(path, null);
        } else if (picked !== 'other') {
          onChange(path, options[Number(picked)]);
        }
      }}
    >
      <option value="unset">{first}</option>
      {chosen === 'other' ? <option value="other">{form.notOffered(written(value))}</option> : null}
      {options.map((option, at) => (
        <option key={String(option)} value={String(at)}>
          {shown(option)}
        </option>
      ))}
      {none || chosen === 'none' ? <option value="none">{form.none}</option> : null}
    </select>
  );
}

/** Any of a few values. */
export function ChoicesControl(props: ControlProps): JSX.Element {
  const { field, path, value, fallback } = props;
  const { disabled, onChange } = useSurroundings();
  const given = value === undefined ? fallback : value;
  // One alone stands for a list of it.
  const now: unknown[] = Array.isArray(given) ? given : given === undefined || given === null ? [] : [given];
  return (
    <div class="dlt-field-choices" role="group" aria-label={props.label} aria-describedby={props.describedBy}>
      {(field.options ?? []).map(option => (
        <label key={String(option)}>
          <input
            type="checkbox"
            class="dlt-field-check"
            checked={now.includes(option)}
            disabled={disabled}
            onChange={event => {
              const others = now.filter(it => it !== option);
              const picked = [...others, option];
              // In the order in which they are offered, and what isn't offered after them.
              const offered = (field.options ?? []).filter(it => picked.includes(it));
              const strange = others.filter(it => field.options?.includes(it) !== true);
              onChange(
                path,
                event.currentTarget.checked ? [...offered, ...strange] : now.filter(it => it !== option)
              );
            }}
          />
          {shown(option)}
        </label>
      ))}
    </div>
  );
}
