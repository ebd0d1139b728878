import type { JSX } from 'preact';
import { type Path, type Settings, isSettings } from '../model/yaml-document';
import { changed } from '../model/yaml-edit';
import { onOneLine as written } from '../model/yaml-write';
import { useFormWords } from './words';
import type { FormField, Part } from './contract';
import { LeftOvers, Rows } from './fields';
import { partNamed } from './named';
import {
  type ControlProps,
  type Surroundings,
  SurroundingsContext,
  idOf,
  useSurroundings
} from './surroundings';

/** The parts of a setting's kind that go with the framework; `null` until they are known. */
export function useOffered(kind: string | undefined): Part[] | null {
  const { parts, framework } = useSurroundings();
  const all = kind === undefined ? null : parts(kind);
  return (
    all?.filter(
      ({ frameworks }) => framework === null || frameworks.length === 0 || frameworks.includes(framework)
    ) ?? null
  );
}

/** A named part: which one, one of its presets, and its own settings below it. */
export function PartControl(props: ControlProps): JSX.Element {
  const { field, path, value, fallback, id } = props;
  const form = useFormWords();
  const { disabled, onChange, onRemove, framework } = useSurroundings();
  const offered = useOffered(field.parts);
  const name = partNamed(value);
  const usual = partNamed(fallback);
  const part = offered?.find(it => it.name === (name ?? usual));
  const strange = name !== null && offered !== null && part === undefined;
  return (
    <div class="dlt-field-part">
      <select
        id={id}
        class="dlt-input dlt-field-line"
        value={name === null ? (value === undefined || value === null ? '' : '?') : `:${name}`}
        disabled={disabled}
        aria-invalid={props.invalid || strange}
        aria-describedby={props.describedBy}
        onChange={event => {
          const picked = event.currentTarget.value;
          if (picked === '') {
            onRemove(path);
          } else if (picked.startsWith(':')) {
            const type = picked.slice(1);
            // What was said of another part stays, and is marked below; nothing is lost by looking around. A preset is a
            // word for values of the part it belongs to, and says nothing of others.
            if (isSettings(value)) {
              if (
                hasPreset(
                  offered?.find(it => it.name === type),
                  value.preset
                )
              ) {
                onChange([...path, 'type'], type);
              } else {
                const { preset, ...others } = value;
                onChange(path, { ...others, type });
              }
            } else {
              onChange(path, type);
            }
          }
        }}
      >
        {field.required === true && name !== null ? null : (
          <option value="">
            {field.required === true ? form.required : usual === null ? form.notSet : form.byDefault(usual)}
          </option>
        )}
        {name === null && value !== undefined && value !== null ? (
          <option value="?">{form.notOffered(written(value))}</option>
        ) : null}
        {name !== null && part === undefined ? (
          <option value={`:${name}`}>{offered === null ? name : form.notOffered(name)}</option>
        ) : null}
        {(offered ?? []).map(it => (
          <option key={it.name} value={`:${it.name}`}>
            {it.name}
          </option>
        ))}
      </select>
      {strange && !props.invalid ? <p class="dlt-field-problem">{form.gone(name, framework ?? '')}</p> : null}
      {part === undefined ? null : (
        <PartSettings field={field} part={part} path={path} value={value ?? undefined} />
      )}
    </div>
  );
}

/** Whether what is said of another part may stand beside this one as far as its preset goes. */
const hasPreset = (part: Part | undefined, preset: unknown) =>
  part === undefined || preset === undefined || Object.hasOwn(part.presets ?? {}, String(preset));

/** A part's own settings, with its presets, and what stands beside them. */
export function PartSettings(props: {
  field: FormField;
  part: Part;
  path: Path;
  value: unknown;
}): JSX.Element {
  const { field, part, path, value } = props;
  const form = useFormWords();
  const around = useSurroundings();
  const { id, disabled, onChange, onRemove } = around;
  const presets = part.presets ?? {};
  const names = Object.keys(presets);
  const given: Settings = isSettings(value) ? value : {};
  const preset = typeof given.preset === 'string' ? given.preset : null;
  const fields = [...part.settings, ...(field.fields ?? [])];
  const strange = preset !== null && !names.includes(preset);
  const known = ['type', ...(names.length > 0 || strange ? ['preset'] : []), ...fields.map(it => it.name)];
  // A name alone becomes a mapping with the first setting that is written beside it.
  const write = (at: Path, next: unknown, source?: string) =>
    isSettings(value)
      ? onChange(at, next, source)
      : onChange(path, changed({ type: part.name }, at.slice(path.length), next));
  const spelled: Surroundings = { ...around, onChange: write };
  const selectId = idOf(`${id}-preset`, path);
  return (
    <SurroundingsContext.Provider value={spelled}>
      {part.description === '' ? null : <p class="dlt-field-what">{part.description}</p>}
      {names.length === 0 && preset === null ? null : (
        <div class="dlt-field" data-differs={preset !== null} data-bad={strange}>
          <div class="dlt-field-head">
            <label for={selectId}>{form.preset}</label>
          </div>
          <div class="dlt-field-body">
            <select
              id={selectId}
              class="dlt-input dlt-field-line"
              value={preset ?? ''}
              disabled={disabled}
              aria-invalid={strange}
              onChange={event => {
                const { value: picked } = event.currentTarget;
                if (picked === '') {
                  onRemove([...path, 'preset']);
                } else {
                  write([...path, 'preset'], picked);
                }
              }}
            >
              <option value="">{form.noPreset}</option>
              {strange ? <option value={preset}>{form.notOffered(preset)}</option> : null}
              {names.map(it => (
                <option key={it} value={it}>
                  {it}
                </option>
              ))}
            </select>
          </div>
        </div>
      )}
      <Rows
        fields={fields}
        path={path}
        value={isSettings(value) ? value : undefined}
        fallbacks={preset === null ? undefined : presets[preset]}
      />
      <LeftOvers path={path} value={value} known={known} of={part.name} />
    </SurroundingsContext.Provider>
  );
}
