import type { Connection } from '../contract';
import type { FormClient } from '../form/contract';

/** What the script that draws a notebook's form is given. */
export interface FormPlace {
  client: FormClient & { connection(): Connection };
  /** The configuration it begins with. */
  text: string;
  /** Told of each change. */
  onText: (text: string) => void;
  /** Calls back when the configuration was changed elsewhere: in another view of the same form. */
  onElsewhere: (callback: (text: string) => void) => () => void;
  /** A language tag such as `pt-BR`. */
  language: string;
}

/** The script that draws a notebook's form: it comes from the kernel, so that no notebook keeps it. */
export interface FormModule {
  /** Shows the form inside an element; gives a function that takes it away again. */
  mount(element: HTMLElement, place: FormPlace): () => void;
}
