/** What a form is told of settings, and what it may ask: the seam between the form and whoever shows it. */

import type { Assumed, Outline } from '../builder/contract';
import type { Connection } from '../contract';
import type { Path, Settings } from '../model/yaml-document';

export type FieldKind =
  | 'int'
  | 'float'
  | 'str'
  | 'bool'
  | 'select'
  | 'multiselect'
  | 'list'
  | 'mapping'
  | 'group'
  | 'either'
  | 'part'
  | 'any';

/** One setting, as the server describes it; what doesn't apply is left out. */
export interface FormField {
  name: string;
  /** In words, with its bounds. */
  type: string;
  kind: FieldKind;
  description: string;
  default?: unknown;
  example?: unknown;
  required?: boolean;
  /** Whether null, for none, may stand there. */
  nullable?: boolean;
  minimum?: number;
  exclusive_minimum?: number;
  maximum?: number;
  exclusive_maximum?: number;
  step?: number;
  /** The values to choose from. */
  options?: unknown[];
  /** Heading under which it stands. */
  group?: string;
  /** Whether few people ever change it. */
  advanced?: boolean;
  /** Whether nobody may see it. */
  secret?: boolean;
  /** Least characters of a text, least items of a list. */
  shortest?: number;
  longest?: number;
  pattern?: string;
  /** Each item of a list, each value of a mapping. */
  item?: FormField;
  /** The settings of a group; of a part those that stand beside its own. */
  fields?: FormField[];
  /** The kinds of which it is one. */
  alternatives?: FormField[];
  /** The kind of parts that may be named there, such as `models`. */
  parts?: string;
  /** The setting of a group that a plain value in its place stands for. */
  short?: string;
}

/** Settings that go together, by name; explicit ones win. */
export type Presets = Record<string, Record<string, unknown>>;

/** A part that can be named in a configuration: a model, a loss … of the package, or of a plug-in. */
export interface Part {
  name: string;
  description: string;
  /** Those it belongs to; empty if it knows none. */
  frameworks: string[];
  settings: FormField[];
  presets?: Presets;
}

/** The parts of one kind, and what of the plug-in folder can't be used. */
export interface Parts {
  parts: Part[];
  problems: string[];
}

/** What is wrong in a configuration; `line` counts from 1 and is null where none is to blame. */
export interface Problem {
  message: string;
  line: number | null;
  /** Keys, and places in lists, that lead to what is to blame; empty where nothing is. */
  path?: string[];
}

/** A sentence about the setting at a path. */
export interface FieldProblem {
  path: Path;
  message: string;
}

/** What the form of a new run asks of a server, or of a notebook's kernel. */
export interface FormClient {
  /** Says what is wrong in the YAML of a new run; nothing, if it can be started. */
  check(yaml: string): Promise<Problem[]>;
  /** Lists the parts of a kind, such as `models`. */
  parts(kind: string): Promise<Parts>;
  /** Describes the settings of a run as a whole. */
  settings(): Promise<FormField[]>;
  /** Follows a sample through the layers of a configuration's model, see `OutlineClient`; missing where nobody can. */
  outline?(settings: Settings, assumed?: Assumed): Promise<Outline>;
  /** Starts a run from YAML. */
  train(yaml: string): Promise<{ id: string; name: string }>;
  onConnection(callback: (connection: Connection) => void): () => void;
}
