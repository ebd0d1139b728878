import type { JSX } from 'preact';
import { useFormWords } from './words';
import { type Path, isSettings } from '../model/yaml-document';
import { LeftOvers, Rows } from './fields';
import { switches } from './row';
import { type ControlProps, SurroundingsContext, useSurroundings } from './surroundings';

/** Settings with names of their own, which can be off as a whole where none of them is needed. */
export function GroupControl(props: ControlProps): JSX.Element {
  const { field, path, value, fallback, id, label } = props;
  const form = useFormWords();
  const around = useSurroundings();
  const { disabled, onChange, onRemove } = around;
  const fields = field.fields ?? [];
  const optional = switches(field);
  const off = optional && (value === undefined || value === null);
  // Whoever empties a field to type something else doesn't switch all of it off.
  const inside = {
    ...around,
    onRemove: (at: Path) => (optional && at.length === path.length ? onChange(path, {}) : onRemove(at))
  };
  return (
    <div class="dlt-field-group" role="group" aria-label={label} aria-describedby={props.describedBy}>
      {optional ? (
        <label class="dlt-field-switch">
          <input
            id={id}
            type="checkbox"
            class="dlt-field-check"
            checked={!off}
            disabled={disabled}
            onChange={event => (event.currentTarget.checked ? onChange(path, {}) : onRemove(path))}
          />
          {form.on}
        </label>
      ) : null}
      {off ? null : (
        <SurroundingsContext.Provider value={inside}>
          <Rows
            fields={fields}
            path={path}
            value={value}
            short={field.short}
            fallbacks={isSettings(fallback) ? fallback : undefined}
          />
          <LeftOvers path={path} value={value} known={fields.map(({ name }) => name)} />
        </SurroundingsContext.Provider>
      )}
    </div>
  );
}
