import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { onOneLine as written } from '../model/yaml-write';
import { type Path, same } from '../model/yaml-document';
import { Icon } from '../panel/icons';
import { useFormWords } from './words';
import type { FormField } from './contract';
import {
  ChoicesControl,
  NumberControl,
  SelectControl,
  TextControl,
  TruthControl,
  YamlControl
} from './controls';
import { EitherControl } from './either';
import { faultOf, sentence } from './faults';
import { GroupControl } from './group';
import { ListControl } from './list';
import { spoken } from './named';
import { PartControl } from './part';
import { type ControlProps, idOf, startsWith, useSurroundings } from './surroundings';

interface RowProps {
  field: FormField;
  path: Path;
  /** `undefined` where nothing is written. */
  value: unknown;
  /** What holds then. */
  fallback: unknown;
}

/** One setting. An edit elsewhere in the configuration leaves it as it is drawn. */
export function Row(props: RowProps): JSX.Element {
  const { field, path, value, fallback } = props;
  const { textOf } = useSurroundings();
  // Values are read anew with each edit, so what they say is compared, and how it is written.
  const said = typeof value === 'object' ? JSON.stringify(value) : value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: path and value say what they said before.
  return useMemo(() => <Setting {...props} />, [field, path.join('\n'), said, textOf(path), fallback]);
}

/** Its name, its control, what it does, and what is wrong with it. */
function Setting({ field, path, value, fallback }: RowProps): JSX.Element {
  const form = useFormWords();
  const around = useSurroundings();
  const id = idOf(around.id, path);
  const label = spoken(field.name, form.names);
  const said = useSentences(field, path, value);
  const instead = around.instead?.(field, path, value, fallback) ?? null;
  if (instead !== null) {
    return instead;
  }
  const given = value !== undefined;
  const differs = given && !same(value, fallback);
  const wide = isWide(field);
  const titled = path.length === 1 && sounds(field.name) === sounds(field.group ?? '');
  const described = [
    ...(field.description === '' ? [] : [`${id}-what`]),
    ...(said.length === 0 ? [] : [`${id}-wrong`])
  ];
  const control: ControlProps = {
    field,
    path,
    value,
    fallback,
    id,
    label,
    describedBy: described.length === 0 ? undefined : described.join(' '),
    invalid: said.length > 0
  };
  const what =
    field.description === '' ? null : (
      <p class="dlt-field-what" id={`${id}-what`}>
        {field.description}
      </p>
    );
  return (
    <div
      class="dlt-field"
      data-differs={differs}
      data-bad={said.length > 0}
      data-wide={wide}
      data-titled={titled}
    >
      <div class="dlt-field-head">
        {hasOneElement(field) ? <label for={id}>{label}</label> : <span>{label}</span>}
        {given && field.required !== true ? (
          <button
            type="button"
            class="dlt-field-reset"
            title={`${form.reset(label)} (${fallback === undefined || fallback === null ? form.notSet : written(fallback)})`}
            aria-label={form.reset(label)}
            disabled={around.disabled}
            onClick={event => {
              // The button goes; who used it goes on at the field.
              const row = event.currentTarget.closest('.dlt-field');
              around.onRemove(path);
              row?.querySelector<HTMLElement>('.dlt-field-body :is(input, select, button)')?.focus();
            }}
          >
            <Icon name="reset" />
          </button>
        ) : null}
      </div>
      <div class="dlt-field-body">
        {wide ? what : null}
        <Control {...control} />
        {said.length === 0 ? null : (
          <p class="dlt-field-problem" id={`${id}-wrong`}>
            {said.join(' ')}
          </p>
        )}
        {wide ? null : what}
      </div>
    </div>
  );
}

/** The control for a setting's kind. */
export function Control(props: ControlProps): JSX.Element {
  const { field } = props;
  switch (field.kind) {
    case 'int':
    case 'float':
      return <NumberControl {...props} />;
    case 'str':
      return (field.options?.length ?? 0) > 0 ? (
        <SelectControl {...props} options={field.options ?? []} />
      ) : (
        <TextControl {...props} />
      );
    case 'bool':
      return <TruthControl {...props} />;
    case 'select':
      return <SelectControl {...props} options={field.options ?? []} />;
    case 'multiselect':
      return <ChoicesControl {...props} />;
    case 'either':
      return <EitherControl {...props} />;
    case 'group':
      return <GroupControl {...props} />;
    case 'part':
      return <PartControl {...props} />;
    case 'list':
      return isListOfForms(field) ? <ListControl {...props} /> : <YamlControl {...props} />;
    default:
      return <YamlControl {...props} />;
  }
}

function isListOfForms({ kind, item }: FormField): boolean {
  return kind === 'list' && (item?.kind === 'part' || item?.kind === 'group');
}

/** What makes a heading and a name the same: `early_stopping`, below "early stopping"; one checkpoint, below "checkpoints". */
const sounds = (name: string) => name.replaceAll('_', ' ').replace(/s$/, '');

/** Whether a label can point to the one element that is the control. */
function hasOneElement(field: FormField): boolean {
  return !(
    field.kind === 'multiselect' ||
    isListOfForms(field) ||
    (field.kind === 'group' && !switches(field))
  );
}

/** Whether a group can be off as a whole. */
export function switches({ nullable, default: byDefault }: FormField): boolean {
  return nullable === true && (byDefault === null || byDefault === undefined);
}

function isWide(field: FormField): boolean {
  return field.kind === 'group' || field.kind === 'part' || isListOfForms(field) || hasGroup(field);
}

const hasGroup = ({ kind, alternatives }: FormField) =>
  kind === 'either' && (alternatives ?? []).some(it => it.kind === 'group');

/** What is wrong with a setting: what its description tells at once, then what else is known. */
function useSentences(field: FormField, path: Path, value: unknown): string[] {
  const form = useFormWords();
  const { problems } = useSurroundings();
  const fault = faultOf(field, value);
  if (fault !== null) {
    return [sentence(form, fault)];
  }
  // What lies deeper stands at the deeper field, where there is one.
  const deep = ['group', 'part', 'either'].includes(field.kind) || isListOfForms(field);
  const mine = problems.filter(problem =>
    deep
      ? startsWith(problem.path, path) && isOfTheWhole(problem.path.slice(path.length), Array.isArray(value))
      : startsWith(problem.path, path)
  );
  return [...new Set(mine.map(problem => problem.message))];
}

/**
 * Whether what is wrong is not one of the settings of a part, but which part it is; of a list what is of none of its
 * items, as far as is known.
 */
function isOfTheWhole([first]: Path, list: boolean): boolean {
  return (
    first === undefined || (list ? !/^\d+$/.test(String(first)) : first === 'type' || first === 'preset')
  );
}
