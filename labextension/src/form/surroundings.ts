import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Path } from '../model/yaml-document';
import type { FormField, FieldProblem, Part } from './contract';

/** What the fields of a form share, however deep they stand. */
export interface Surroundings {
  /** What ids of the form's elements begin with. */
  id: string;
  disabled: boolean;
  /** Whether settings that few people change are shown though they are as they are by default. */
  advanced: boolean;
  problems: readonly FieldProblem[];
  /** The framework whose parts are offered; all parts if `null`. */
  framework: string | null;
  /** The parts of a kind; `null` until they are known. Asks for them. */
  parts: (kind: string) => Part[] | null;
  /** How a plain value is written, where that is known: `1.0e-3`. */
  sourceOf: (path: Path) => string | null;
  /** All that is written there; changes where anything inside of it does. */
  textOf: (path: Path) => string | null;
  /** Told whether a field holds a text that can't be written down. */
  onDraft: (id: string, held: boolean) => void;
  /** Writes a value; `source` is how, where a person has written it. */
  onChange: (path: Path, value: unknown, source?: string) => void;
  /** Takes a setting out, so that it is as it is by default. */
  onRemove: (path: Path) => void;
  /** What is shown in place of a setting's field, if not that: the builder of a stack's layers. */
  instead?: (field: FormField, path: Path, value: unknown, fallback: unknown) => preact.JSX.Element | null;
}

const nothing = () => undefined;

export const SurroundingsContext = createContext<Surroundings>({
  id: 'dlt-form',
  disabled: false,
  advanced: true,
  problems: [],
  framework: null,
  parts: () => null,
  sourceOf: () => null,
  textOf: () => null,
  onDraft: nothing,
  onChange: nothing,
  onRemove: nothing
});

export function useSurroundings(): Surroundings {
  return useContext(SurroundingsContext);
}

/** What is told to the fields of one setting. */
export interface ControlProps {
  field: FormField;
  path: Path;
  value: unknown;
  /** What holds if nothing is written: the default, or what a preset says. */
  fallback: unknown;
  /** The name of the control's element, which its label points to. */
  id: string;
  label: string;
  /** What it is called where no label points to it. */
  named?: string;
  /** The elements that say more about it. */
  describedBy: string | undefined;
  invalid: boolean;
}

export const startsWith = (path: Path, start: Path): boolean =>
  start.every((key, at) => String(key) === String(path[at]));

/** An element's id by what it is of. */
export const idOf = (form: string, path: Path): string =>
  `${form}-${path.map(key => String(key).replace(/[^\w-]/g, '_')).join('.')}`;
