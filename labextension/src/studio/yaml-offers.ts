import type { FormField, Part, Parts } from '../form/contract';
import { shown } from '../form/faults';
import { STACK } from '../form/named';
import { type Step, placeAt } from '../model/yaml-place';

/** What may be written at a cursor. */
export interface Offer {
  label: string;
  /** What is written, if that is more. */
  apply?: string;
  kind: 'name' | 'setting';
  detail?: string;
  info?: string;
}

export interface Known {
  /** The settings of a run. */
  settings: readonly FormField[];
  /** Lists the parts of a kind; rejects where nobody can. */
  parts: (kind: string) => Promise<Parts>;
}

/** A layer is a part as others are, with a name of its own; the stack's own description knows nothing of the kinds. */
const LAYER: FormField = {
  name: '',
  type: '',
  kind: 'part',
  parts: 'layers',
  description: '',
  fields: [{ name: 'name', type: 'text', kind: 'str', description: 'What the layer is called.' }]
};

/** Says what may be written at a place of a configuration, as its settings are described; nothing where nobody knows. */
export async function offersAt(
  text: string,
  cursor: number,
  { settings, parts }: Known
): Promise<{ typed: string; offers: Offer[] } | null> {
  const place = placeAt(text, cursor);
  if (place === null) {
    return null;
  }
  const framework = frameworkOf(text, settings);
  const offered = async (kind: string) =>
    (await parts(kind)).parts.filter(
      ({ frameworks }) => frameworks.length === 0 || framework === null || frameworks.includes(framework)
    );
  let fields: readonly FormField[] = settings;
  let field: FormField | null = null;
  for (const [at, step] of place.steps.entries()) {
    if (field !== null && typeof step.key === 'number') {
      field = itemOf(field);
    } else {
      fields = field === null ? settings : await fieldsOf(field, step, offered);
      if (step.key === null) {
        return at === place.steps.length - 1 ? { typed: place.typed, offers: names(fields, step) } : null;
      }
      field = fields.find(({ name }) => name === step.key) ?? null;
    }
    if (field === null) {
      return null;
    }
  }
  const offers = field === null ? [] : await values(field, offered);
  return { typed: place.typed, offers };
}

type Offered = (kind: string) => Promise<readonly Part[]>;

/** What an item of a list may be. */
const itemOf = (field: FormField): FormField | null =>
  field.kind === 'list' ? (field.item ?? null) : field.kind === 'multiselect' ? field : null;

/** The settings of a mapping that stands for a setting. */
async function fieldsOf(field: FormField, step: Step, offered: Offered): Promise<readonly FormField[]> {
  if (field.kind === 'either') {
    const all = await Promise.all((field.alternatives ?? []).map(it => fieldsOf(it, step, offered)));
    return all.flat();
  }
  if (field.kind === 'list' && field.item !== undefined) {
    // One alone may stand for a list of it.
    return fieldsOf(field.item, step, offered);
  }
  if (field.kind !== 'part' || field.parts === undefined) {
    return field.fields ?? [];
  }
  const all = await offered(field.parts);
  const isStack = field.parts === 'models' && (step.type ?? STACK) === STACK;
  const part = all.find(({ name }) => name === (step.type ?? (isStack ? STACK : null)));
  const presets = Object.keys(part?.presets ?? {});
  return [
    { ...field, name: 'type', type: 'name', description: '' },
    ...(presets.length === 0 ? [] : [{ ...PRESET, options: presets }]),
    ...(part?.settings ?? []).map(it => (isStack && it.name === 'layers' ? { ...it, item: LAYER } : it)),
    ...(field.fields ?? [])
  ];
}

const PRESET: FormField = { name: 'preset', type: 'name', kind: 'select', description: '' };

/** The names of settings, but for those that are there already. */
function names(fields: readonly FormField[], { keys }: Step): Offer[] {
  return fields
    .filter(({ name }) => !keys.includes(name))
    .map(({ name, type, description }) => ({
      label: name,
      apply: `${name}: `,
      kind: 'setting',
      detail: type,
      info: description
    }));
}

/** The values of a setting that takes one of a few. */
async function values(field: FormField, offered: Offered): Promise<Offer[]> {
  switch (field.kind) {
    case 'part':
      return field.parts === undefined
        ? []
        : (await offered(field.parts)).map(({ name, description }) => ({
            label: name,
            kind: 'name',
            info: description
          }));
    case 'bool':
      return words([true, false]);
    case 'either':
      return (await Promise.all((field.alternatives ?? []).map(it => values(it, offered)))).flat();
    case 'list':
      return field.item === undefined ? [] : values(field.item, offered);
    default:
      return words(field.options ?? []);
  }
}

const words = (all: readonly unknown[]): Offer[] => all.map(it => ({ label: shown(it), kind: 'name' }));

/** The framework that a configuration names; the one it has if it names none. */
function frameworkOf(text: string, settings: readonly FormField[]): string | null {
  const usual = settings.find(({ name }) => name === 'framework')?.default;
  return /^framework:\s*([\w-]+)/m.exec(text)?.[1] ?? (typeof usual === 'string' ? usual : null);
}
