/** What the builder of a model of layers is told, and what it asks of a server. */

import type { Settings } from '../model/yaml-document';

/** A layer as it stands in YAML: a type, or a mapping with one; what is written wrongly may be anything. */
export type Layer = unknown;

export interface LayerProblem {
  /** The setting to blame; empty where the layer itself doesn't fit. */
  path: string[];
  message: string;
}

/** What is known of a layer. */
export interface LayerLine {
  name: string;
  type: string;
  /** Shape of a sample that comes; `null` where nobody knows. */
  takes: number[] | null;
  /** Shape of what becomes of it. */
  gives: number[] | null;
  parameters: number;
  problems: LayerProblem[];
  /** Whether nobody wrote it, as the output behind the last layer. */
  added: boolean;
}

/** What samples look like: `(features,)`, `(time, features)`, `(channels, height, width)`, or whole numbers `(time,)`. */
export type Form = 'values' | 'sequence' | 'image' | 'tokens';

/** The layers of a configuration's model, followed from the input on. */
export interface Outline {
  lines: LayerLine[];
  parameters: number;
  task: string | null;
  input_shape: number[] | null;
  form: Form | null;
  tokens: number;
  outputs: number | null;
  /** Why nobody knows what goes in. */
  why: string | null;
}

/** What goes in, as a person says it where the data doesn't tell. */
export interface Assumed {
  input_shape: number[];
  outputs: number;
}

export interface OutlineClient {
  /**
   * Follows a sample through the layers of a configuration's model.
   *
   * @param settings the configuration; only `model`, `data`, `preprocessing` and `validation` are looked at
   */
  outline(settings: Settings, assumed?: Assumed): Promise<Outline>;
}

/** An outline, and the layers it is of: while a newer one is on its way, those in the YAML are others. */
export interface Followed {
  layers: readonly Layer[];
  answer: Outline;
}
