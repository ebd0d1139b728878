import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Memory } from '../contract';
import { type Path, type Settings, same } from '../model/yaml-document';
import { Icon } from '../panel/icons';
import { useFormWords } from './words';
import type { FormField, Part } from './contract';
import { Rows, useHeld } from './fields';
import { partNamed, spoken } from './named';
import { useSurroundings } from './surroundings';

/** Sections that are open before anybody has opened or closed one. */
const OPEN_AT_FIRST = new Set(['basic', 'model', 'data']);
const NO_PATH: Path = [];

interface SectionsProps {
  fields: readonly FormField[];
  values: Settings;
  memory: Memory;
  /** What is looked for, in lower case; sections with something found are open. */
  search: string;
  /** Paths of what is wrong. */
  wrong: readonly Path[];
}

/** The settings of a run under their headings, each of which folds. */
export function Sections(props: SectionsProps): JSX.Element {
  const form = useFormWords();
  const { parts } = useSurroundings();
  const known = { values: props.values, parts, names: form.names };
  const found =
    props.search === '' ? props.fields : props.fields.filter(field => matches(field, props.search, known));
  const groups = [...new Set(found.map(field => field.group ?? 'other'))];
  return (
    <div class="dlt-sections">
      {groups.map(group => (
        <Section
          key={group}
          {...props}
          group={group}
          fields={found.filter(field => (field.group ?? 'other') === group)}
        />
      ))}
      <p class="dlt-form-note" role="status">
        {props.search === '' ? '' : found.length === 0 ? form.nothingFound : form.found(found.length)}
      </p>
    </div>
  );
}

function Section(props: SectionsProps & { group: string }): JSX.Element | null {
  const { group, fields, values, memory, search, wrong } = props;
  const form = useFormWords();
  const around = useSurroundings();
  const key = `form-open-${group}`;
  const [open, setOpen] = useState(() => {
    const kept = memory.get(key);
    return typeof kept === 'boolean' ? kept : OPEN_AT_FIRST.has(group);
  });
  // What is typed in a section that is folded must not get lost.
  const [seen, setSeen] = useState(open);
  const names = new Set(fields.map(field => field.name));
  const set = fields.filter(
    field => values[field.name] !== undefined && !same(values[field.name], field.default)
  ).length;
  const faults = wrong.filter(path => names.has(String(path[0]))).length;
  const held = useHeld(values, around.advanced);
  const hidden =
    !around.advanced &&
    faults === 0 &&
    fields.every(field => field.advanced === true && !held.has(field.name));
  if (hidden) {
    return null;
  }
  const shown = open || search !== '';
  return (
    <details
      class="dlt-section"
      open={shown}
      onToggle={event => {
        const now = event.currentTarget.open;
        if (search === '' && now !== open) {
          setOpen(now);
          memory.set(key, now);
        }
        if (now) {
          setSeen(true);
        }
      }}
    >
      <summary>
        <Icon name="right" />
        <span class="dlt-section-name">{form.groups[group] ?? spoken(group)}</span>
        {faults > 0 ? (
          <span class="dlt-section-wrong">{form.faultsIn(faults)}</span>
        ) : set > 0 ? (
          <span class="dlt-section-set">{form.setIn(set)}</span>
        ) : null}
      </summary>
      {shown || seen ? (
        <div class="dlt-fields">
          <Rows fields={fields} path={NO_PATH} value={values} />
        </div>
      ) : null}
    </details>
  );
}

interface Known {
  values: Settings;
  parts: (kind: string) => readonly Part[] | null;
  names: Readonly<Record<string, string>>;
}

/** Whether a setting, or one inside of it, is called or described so. */
function matches(field: FormField, search: string, known: Known): boolean {
  const said = [
    field.name,
    spoken(field.name, known.names),
    field.description,
    ...(field.options ?? []).map(String)
  ];
  return (
    said.some(text => text.toLowerCase().includes(search)) ||
    inside(field, known).some(inner => matches(inner, search, { ...known, values: {} }))
  );
}

/** The settings of a group, and of the part that is named there. */
function inside(field: FormField, { values, parts }: Known): readonly FormField[] {
  const named = partNamed(values[field.name] ?? field.default);
  const part =
    field.parts === undefined || named === null
      ? undefined
      : parts(field.parts)?.find(it => it.name === named);
  return [
    ...(field.fields ?? []),
    ...(field.alternatives ?? []).flatMap(it => it.fields ?? []),
    ...(part?.settings ?? [])
  ];
}
