import type { JSX } from 'preact';
import type { Connection } from '../contract';
import type { Situation } from '../model/situation';
import type { TrackingWords } from '../words/tracking';
import type { MenuItem } from './menu';

/** Something else that can be done with the run: at once, or when what it shows in place of the buttons is answered. */
export type Extra = Omit<MenuItem, 'onPick'> & {
  /** Whether it is a button as well: the next thing one would do in this state. */
  prominent?: boolean;
} & ({ onPick: () => void } | { form: Form });

export type Form = (done: () => void) => JSX.Element;

/** What a view around the panel, a tab or a page, adds to it; a notebook's cell adds nothing. */
export interface Frame {
  extras: Extra[];
  /** Begins a new run from a checkpoint with other settings. */
  edit: { label: string; onPick: (step: number) => void };
  /** What it means that nobody answers, in place of what it means in a notebook. */
  away: (connection: Connection) => Situation | null;
  /** Why a button does nothing then. */
  unreachable: string;
  /** A language tag such as `pt-BR`, of what is loaded later. */
  language: string;
  /** What is said of trackers, in the person's language. */
  tracking: TrackingWords;
  /** Stands above the tabs. */
  aside: JSX.Element | null;
}
