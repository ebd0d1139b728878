import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import '../styles/form.css';
import { type Path, type Settings, isSettings } from '../model/yaml-document';
import { changed } from '../model/yaml-edit';
import { useUniqueId } from '../panel/hooks';
import { useFormWords } from './words';
import type { FieldProblem, FormField } from './contract';
import { Row } from './row';
import { type Surroundings, SurroundingsContext, startsWith, useSurroundings } from './surroundings';

interface FieldsProps {
  fields: readonly FormField[];
  /** What the mapping says; a key that isn't in it is as it is by default. */
  values: Settings;
  /** What is wrong, by path inside of the mapping; what the fields see by themselves isn't among it. */
  problems?: readonly FieldProblem[];
  disabled?: boolean;
  /** Whether settings that few people change are shown though nothing is said of them. */
  advanced?: boolean;
  /** @param source how a person has written the value, where that is known */
  onChange: (path: Path, value: unknown, source?: string) => void;
  /** Takes a key away, so that it is as it is by default. */
  onRemove: (path: Path) => void;
}

const NO_PROBLEMS: readonly FieldProblem[] = [];

/** The settings of one mapping, for whoever keeps that mapping: each with its name, its control and what is wrong. */
export function Fields(props: FieldsProps): JSX.Element {
  const { fields, values, onChange, onRemove, disabled = false, advanced = false } = props;
  const id = useUniqueId();
  // In a form, what can't be written down here is known there as well.
  const { onDraft } = useSurroundings();
  const problems = props.problems ?? NO_PROBLEMS;
  const around = useMemo<Surroundings>(
    () => ({
      id,
      disabled,
      advanced,
      problems,
      framework: null,
      parts: () => null,
      sourceOf: () => null,
      textOf: () => null,
      onDraft,
      onChange,
      onRemove
    }),
    [id, disabled, advanced, problems, onDraft, onChange, onRemove]
  );
  return (
    <SurroundingsContext.Provider value={around}>
      <div class="dlt-fields">
        <Rows fields={fields} path={NO_PATH} value={values} />
      </div>
    </SurroundingsContext.Provider>
  );
}

const NO_PATH: Path = [];

interface RowsProps {
  fields: readonly FormField[];
  /** Where the mapping stands. */
  path: Path;
  /** What stands there: a mapping, nothing, or something plain that is short for one. */
  value: unknown;
  /** The setting that something plain is short for. */
  short?: string | undefined;
  /** What holds where nothing is written, in place of the defaults. */
  fallbacks?: Settings | undefined;
}

/** The settings of a mapping inside of a form. */
export function Rows({ fields, path, value, short, fallbacks }: RowsProps): JSX.Element {
  const around = useSurroundings();
  const plain = value !== undefined && value !== null && !isSettings(value) && short !== undefined;
  const values: Settings = isSettings(value) ? value : plain ? { [short]: value } : {};
  const held = useHeld(values, around.advanced);
  const rows = fields.filter(
    field =>
      around.advanced ||
      field.advanced !== true ||
      held.has(field.name) ||
      around.problems.some(problem => startsWith(problem.path, [...path, field.name]))
  );
  const list = rows.map(field => (
    <Row
      key={field.name}
      field={field}
      path={[...path, field.name]}
      value={values[field.name]}
      fallback={fallbacks?.[field.name] ?? field.default}
    />
  ));
  // Around either, so that a field in which one types stays the same one when the one becomes the other.
  return (
    <Spelled path={path} values={values} only={plain ? short : null}>
      {list}
    </Spelled>
  );
}

/**
 * Which settings were written since those that few people change are hidden. One that is emptied stays in sight, since
 * something else may be about to be typed there.
 */
export function useHeld(values: Settings, all: boolean): ReadonlySet<string> {
  const held = useRef(new Set<string>());
  if (all) {
    held.current.clear();
  } else {
    for (const name of Object.keys(values)) {
      held.current.add(name);
    }
  }
  return held.current;
}

/** Spells out what is short for a mapping, as soon as something else than the short setting is written. */
function Spelled(props: {
  path: Path;
  values: Settings;
  /** The setting that something plain is short for; `null` where there is a mapping. */
  only: string | null;
  children: JSX.Element[];
}): JSX.Element {
  const { path, values, only, children } = props;
  const around = useSurroundings();
  if (only === null) {
    return <SurroundingsContext.Provider value={around}>{children}</SurroundingsContext.Provider>;
  }
  const spelled: Surroundings = {
    ...around,
    sourceOf: at => around.sourceOf(startsWith(at, [...path, only]) ? path : at),
    textOf: at => around.textOf(startsWith(at, [...path, only]) ? path : at),
    onChange: (at, value, source) => {
      const inside = at.slice(path.length);
      if (inside.length === 1 && inside[0] === only && !(typeof value === 'object' && value !== null)) {
        around.onChange(path, value, source);
      } else {
        around.onChange(path, changed(values, inside, value));
      }
    },
    onRemove: at => {
      const rest = changed(values, at.slice(path.length), undefined);
      if (isSettings(rest) && Object.keys(rest).length === 0) {
        around.onRemove(path);
      }
    }
  };
  return <SurroundingsContext.Provider value={spelled}>{children}</SurroundingsContext.Provider>;
}

/** What stands in a mapping and belongs to none of its settings, with a way to be rid of it. */
export function LeftOvers(props: {
  path: Path;
  value: unknown;
  known: readonly string[];
  /** What the settings are of; a group where that has no name. */
  of?: string;
}): JSX.Element | null {
  const form = useFormWords();
  const { onChange, disabled, problems } = useSurroundings();
  const { path, value, known, of } = props;
  const left = isSettings(value) ? Object.keys(value).filter(key => !known.includes(key)) : [];
  if (left.length === 0) {
    return null;
  }
  const kept = Object.fromEntries(Object.entries(value as Settings).filter(([key]) => known.includes(key)));
  const said = problems.filter(problem => left.some(key => startsWith(problem.path, [...path, key])));
  return (
    <div class="dlt-field-left">
      <p>
        {of === undefined ? form.leftPlain : form.left(of)} <b>{left.join(', ')}</b>{' '}
        <button type="button" class="dlt-link" disabled={disabled} onClick={() => onChange(path, kept)}>
          {form.removeLeft}
        </button>
      </p>
      {said.map(problem => (
        <p key={problem.message} class="dlt-field-problem">
          {problem.message}
        </p>
      ))}
    </div>
  );
}
