import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { onOneLine as written } from '../model/yaml-write';
import { type Path, isSettings, same } from '../model/yaml-document';
import { useFormWords } from './words';
import type { FormField } from './contract';
import { faultOf, shown } from './faults';
import { Control } from './row';
import { type ControlProps, SurroundingsContext, useSurroundings } from './surroundings';

/** A word that may stand there, or a kind of values that is written below it. */
type Choice = { text: string } & ({ value: unknown } | { field: FormField });

/** One of several kinds: words among which one chooses, and a field for what isn't a word. */
export function EitherControl(props: ControlProps): JSX.Element {
  const { field, path, value, fallback, id, label, describedBy } = props;
  const form = useFormWords();
  const around = useSurroundings();
  const { disabled, onChange, onRemove } = around;
  const [wanted, setWanted] = useState<string | null>(null);
  const choices: Choice[] = (field.alternatives ?? []).flatMap((it): Choice[] =>
    it.kind === 'select'
      ? (it.options ?? []).map(option => ({ text: shown(option), value: option }))
      : it.kind === 'bool'
        ? [true, false].map(option => ({ text: String(option), value: option }))
        : [{ text: form.kinds[it.kind], field: it }]
  );
  const onlyWords = choices.every(choice => 'value' in choice);
  const now = value === undefined ? fallback : value;
  const fits = choices.findIndex(choice => fit(choice, now));
  const picked = wanted !== null && value === undefined ? Number(wanted) : fits;
  const choice = choices[picked];
  const byDefault = fallback === undefined || fallback === null || isSettings(fallback);
  const first = byDefault ? form.notSet : form.byDefault(written(fallback));
  // What has settings by default is them, and nothing has to be chosen first.
  const open =
    choice !== undefined && 'field' in choice && (value !== undefined || wanted !== null || isSettings(now));
  const chosen =
    open || (value !== undefined && choice !== undefined)
      ? String(picked)
      : value === undefined
        ? 'unset'
        : 'other';
  // Whoever empties the field to type something else doesn't choose another kind.
  const inside = {
    ...around,
    onRemove: (at: Path) => {
      if (at.length === path.length) {
        setWanted(String(picked));
      }
      onRemove(at);
    }
  };
  return (
    <>
      <select
        id={id}
        class="dlt-input dlt-field-line"
        value={chosen}
        disabled={disabled}
        aria-invalid={props.invalid}
        aria-describedby={describedBy}
        onChange={event => {
          const { value: at } = event.currentTarget;
          const next = choices[Number(at)];
          setWanted(null);
          if (at === 'unset') {
            onRemove(path);
          } else if (next !== undefined && 'value' in next) {
            onChange(path, next.value);
          } else if (
            next !== undefined &&
            'field' in next &&
            next.field.kind === 'group' &&
            !isSettings(fallback)
          ) {
            onChange(path, {});
          } else if (next !== undefined) {
            // A field to write in; until something is written nothing is said.
            setWanted(at);
            onRemove(path);
          }
        }}
      >
        {isSettings(fallback) ? null : <option value="unset">{first}</option>}
        {chosen === 'other' ? (
          <option value="other">{value === null ? form.none : form.notOffered(written(value))}</option>
        ) : null}
        {choices.map(({ text }, at) => (
          <option key={text} value={String(at)}>
            {text}
          </option>
        ))}
      </select>
      {open && 'field' in choice && !onlyWords ? (
        <SurroundingsContext.Provider value={inside}>
          <div class="dlt-field-inner">
            <Control
              {...props}
              field={{ ...choice.field, name: field.name, nullable: false, default: fallback }}
              id={`${id}-value`}
              label={label}
              named={label}
            />
          </div>
        </SurroundingsContext.Provider>
      ) : null}
    </>
  );
}

function fit(choice: Choice, value: unknown): boolean {
  if ('value' in choice) {
    return same(choice.value, value);
  }
  const { field } = choice;
  return (
    value !== undefined &&
    value !== null &&
    (field.kind === 'group' ? isSettings(value) : kindly(field, value) || faultOf(field, value) === null)
  );
}

/** Whether a value is of a field's kind, though perhaps out of its range. */
function kindly(field: FormField, value: unknown): boolean {
  const kinds: Partial<Record<FormField['kind'], boolean>> = {
    int: typeof value === 'number',
    float: typeof value === 'number',
    str: typeof value === 'string',
    list: Array.isArray(value),
    mapping: isSettings(value)
  };
  return kinds[field.kind] ?? false;
}
