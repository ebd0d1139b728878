import type { JSX } from 'preact';
import { useCallback, useMemo, useRef, useState } from 'preact/hooks';
import type { FieldProblem } from '../form/contract';
import { Fields } from '../form/fields';
import { type Path, isSettings } from '../model/yaml-document';
import { changed } from '../model/yaml-edit';
import { Button } from '../panel/button';
import { useUniqueId } from '../panel/hooks';
import { useWords } from '../words/words';
import type { Layer, LayerProblem } from './contract';
import { givenName, kindOf, settingsOf } from './model';
import { withoutKey } from './numbers';
import type { LayerKind } from './rows';

interface LayerSettingsProps {
  layer: Layer;
  name: string;
  kind: LayerKind | null;
  /** Whether it isn't known yet which kinds there are. */
  waiting: boolean;
  problems: readonly LayerProblem[];
  first: boolean;
  last: boolean;
  onSettings: (settings: Record<string, unknown>) => void;
  onName: (name: string | null) => void;
  onMove: (by: 1 | -1) => void;
  onDuplicate: () => void;
  onRemove: () => void;
}

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,59}$/;

/** The settings of the layer that is chosen, its name, and what can be done to it. */
export function LayerSettings(props: LayerSettingsProps): JSX.Element {
  const { layer, name, kind, problems } = props;
  const said = useWords().builder;
  const [advanced, setAdvanced] = useState(false);
  const newest = useRef(props);
  newest.current = props;
  const change = useCallback((path: Path, value: unknown) => {
    const { layer, onSettings } = newest.current;
    const next = changed(settingsOf(layer), path, value);
    onSettings(isSettings(next) ? next : {});
  }, []);
  const drop = useCallback((path: Path) => change(path, undefined), [change]);
  const known = kind?.settings.map(field => field.name) ?? [];
  const atFields = useMemo<FieldProblem[]>(
    () => problems.map(({ path, message }) => ({ path, message: withoutKey(path, message) })),
    [problems]
  );
  // That it doesn't fit stands in the list.
  const elsewhere = problems.filter(({ path: [key = 'name'] }) => key !== 'name' && !known.includes(key));
  return (
    <section class="dlt-built-settings" aria-label={said.settingsOf(name)}>
      <header>
        <b>{name}</b>
        <Button
          icon="down"
          label={said.up}
          kind="quiet"
          compact
          class="dlt-up"
          disabled={props.first}
          onClick={() => props.onMove(-1)}
        />
        <Button
          icon="down"
          label={said.down}
          kind="quiet"
          compact
          disabled={props.last}
          onClick={() => props.onMove(1)}
        />
        <Button icon="copy" label={said.copy} kind="quiet" compact onClick={props.onDuplicate} />
        <Button icon="cross" label={said.remove} kind="quiet" compact onClick={props.onRemove} />
      </header>
      {kind === null ? null : <p class="dlt-muted">{kind.description}</p>}
      {elsewhere.map(({ path, message }) => (
        <p key={`${path.join('.')} ${message}`} class="dlt-field-problem">
          {message}{' '}
          {path.length === 1 ? (
            <button type="button" class="dlt-link" onClick={() => drop(path)}>
              {said.remove} {path[0]}
            </button>
          ) : null}
        </p>
      ))}
      {kind === null && !props.waiting ? <p class="dlt-muted">{said.unknownKind(kindOf(layer))}</p> : null}
      {kind === null ? null : (
        <>
          {known.length === 0 ? <p class="dlt-muted">{said.noSettings}</p> : null}
          <div class="dlt-built-fields">
            <Fields
              fields={kind.settings}
              values={settingsOf(layer)}
              problems={atFields}
              advanced={advanced}
              onChange={change}
              onRemove={drop}
            />
          </div>
          {kind.settings.some(field => field.advanced === true) ? (
            <label class="dlt-built-advanced">
              <input
                type="checkbox"
                class="dlt-field-check"
                checked={advanced}
                onChange={event => setAdvanced(event.currentTarget.checked)}
              />
              {said.advanced}
            </label>
          ) : null}
        </>
      )}
      <NameField
        given={givenName(layer)}
        byType={name}
        problem={problems.find(({ path }) => path[0] === 'name')?.message ?? null}
        onName={props.onName}
      />
    </section>
  );
}

/** A name that can't be one stays in the field, and isn't written down. */
function NameField(props: {
  given: string | null;
  byType: string;
  problem: string | null;
  onName: (name: string | null) => void;
}): JSX.Element {
  const { given, byType, problem, onName } = props;
  const said = useWords().builder;
  const id = useUniqueId();
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? given ?? '';
  const bad = text !== '' && !NAME.test(text);
  const wrong = bad ? said.badName : problem === null ? null : withoutKey(['name'], problem);
  return (
    <div class="dlt-built-naming">
      <label for={id}>{said.name}</label>
      <input
        id={id}
        class="dlt-input dlt-field-line"
        value={text}
        placeholder={byType}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        aria-invalid={wrong !== null}
        aria-describedby={`${id}-more`}
        onInput={event => {
          const next = event.currentTarget.value.trim();
          setTyped(event.currentTarget.value);
          if (next === '' || NAME.test(next)) {
            onName(next === '' ? null : next);
            setTyped(null);
          }
        }}
        onBlur={() => setTyped(null)}
      />
      <p id={`${id}-more`} class={wrong === null ? 'dlt-field-what' : 'dlt-field-problem'}>
        {wrong ?? said.nameHint}
      </p>
    </div>
  );
}
