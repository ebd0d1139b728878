/** A mapping or a list that is open at some place of a text. */
interface Frame {
  flow: boolean;
  list: boolean;
  /** Column of a block's keys, or dashes. */
  indent: number;
  /** The key whose value comes; `null` where a key does. */
  key: string | null;
  /** Which item of a list. */
  index: number;
  /** Keys that stand in it, those behind the cursor as well. */
  keys: string[];
  /** What it says to be: the name of a part. */
  type: string | null;
}

/** A step from the whole to a cursor: into a mapping, or into a list. */
export interface Step {
  /** The key of a mapping, or the place in a list; `null` where a key is being written. */
  key: string | number | null;
  keys: readonly string[];
  type: string | null;
}

/** Where a cursor is in a configuration that is being written. */
export interface Place {
  /** From the whole on; the last one leads to what is being written. */
  steps: Step[];
  /** The letters in front of the cursor. */
  typed: string;
}

const KEY = /^(?:"([^"]*)"|'([^']*)'|([^\s#:{}[\],&*!|>'"%@`][^#:]*?))\s*:(?=\s|$)/;
const LETTERS = /^[\w.-]*$/;

/**
 * Finds out where a cursor is, in a text that needn't parse: brackets may still be open, keys have no colon yet. `null`
 * where no name is written: in a comment, in quotes, behind a value.
 */
export function placeAt(text: string, cursor: number): Place | null {
  const reader = new Reader();
  let start = 0;
  for (const line of text.split('\n')) {
    const end = start + line.length;
    if (cursor >= start && cursor <= end) {
      reader.line(line.slice(0, cursor - start), true);
      reader.note();
      reader.behind(line.slice(cursor - start));
    } else {
      reader.line(line, false);
    }
    start = end + 1;
  }
  return reader.place();
}

/** Goes through a text line by line, and knows what is open. */
class Reader {
  readonly #open: Frame[] = [];
  /** What has been written since the last comma, colon or bracket. */
  #token = '';
  #quiet = false;
  #noted: { steps: { frame: Frame; key: string | number | null }[]; typed: string } | null = null;

  line(line: string, last: boolean): void {
    const column = line.length - line.trimStart().length;
    this.#quiet = false;
    // What stands no deeper than the key above it is no part of brackets that somebody has yet to close.
    if (this.#inFlow && (column > this.#block || line.trim() === '')) {
      this.#flow(line);
      return;
    }
    this.#open.splice(0, this.#open.length, ...this.#open.filter(({ flow }) => !flow));
    this.#token = '';
    this.#blockLine(line.trimStart(), column, last);
  }

  /** The rest of the cursor's line: it may close brackets, and name keys. */
  behind(rest: string): void {
    if (this.#inFlow && !this.#quiet) {
      this.#flow(rest);
    }
  }

  note(): void {
    const typed = this.#token.trimStart();
    if (!this.#quiet && LETTERS.test(typed)) {
      const steps = this.#open.map(frame => ({ frame, key: frame.list ? frame.index : frame.key }));
      this.#noted = { steps, typed };
    }
  }

  place(): Place | null {
    if (this.#noted === null) {
      return null;
    }
    const steps = this.#noted.steps.map(({ frame, key }) => ({ key, keys: frame.keys, type: frame.type }));
    return { steps, typed: this.#noted.typed };
  }

  get #inFlow(): boolean {
    return this.#open.at(-1)?.flow === true;
  }

  /** The column of the innermost block. */
  get #block(): number {
    return this.#open.findLast(({ flow }) => !flow)?.indent ?? -1;
  }

  #blockLine(given: string, from: number, last: boolean): void {
    let [rest, column] = [given, from];
    while (/^-(\s|$)/.test(rest)) {
      this.#enter(column, true);
      const dash = /^-\s*/.exec(rest)?.[0].length ?? 1;
      rest = rest.slice(dash);
      column += dash;
      this.#close(column);
      if (rest === '') {
        return;
      }
    }
    if (rest.startsWith('#') || (rest === '' && !last)) {
      this.#quiet = true;
      return;
    }
    const found = KEY.exec(rest);
    if (found !== null) {
      const frame = this.#enter(column, false);
      frame.key = found[1] ?? found[2] ?? found[3] ?? '';
      frame.keys.push(frame.key);
      this.#value(rest.slice(found[0].length), frame);
    } else if (/^[[{]/.test(rest)) {
      this.#flow(rest);
    } else if (this.#isItem(column)) {
      this.#token = rest;
    } else {
      this.#enter(column, false).key = null;
      this.#token = rest;
    }
  }

  #value(given: string, frame: Frame): void {
    const value = given.trimStart();
    if (/^[[{]/.test(value)) {
      this.#flow(value);
      return;
    }
    // Directly behind the colon nothing can be written.
    this.#quiet = given === '' || /(^|\s)#/.test(given);
    this.#token = value;
    if (frame.key === 'type') {
      frame.type = value.replace(/\s+#.*$/, '').trim();
    }
  }

  /** Whether something plain there is an item of a list: it stands behind the list's dash. */
  #isItem(column: number): boolean {
    const frame = this.#open.at(-1);
    return frame?.list === true && frame.indent < column;
  }

  /** The block at a column, opened if there is none. */
  #enter(column: number, list: boolean): Frame {
    this.#close(column + 1);
    let frame = this.#open.at(-1);
    if (frame?.indent === column && frame.list && !list) {
      this.#open.pop();
      frame = this.#open.at(-1);
    }
    if (frame?.indent === column && frame.list === list) {
      frame.index += 1;
      return frame;
    }
    return this.#push(false, list, column);
  }

  /** Closes blocks that stand at a column or deeper. */
  #close(column: number): void {
    while ((this.#open.at(-1)?.indent ?? -1) >= column) {
      this.#open.pop();
    }
  }

  #push(flow: boolean, list: boolean, indent: number): Frame {
    const frame: Frame = { flow, list, indent, key: null, index: 0, keys: [], type: null };
    this.#open.push(frame);
    return frame;
  }

  #flow(given: string): void {
    let quote = '';
    const letters = [...given];
    for (const [at, letter] of letters.entries()) {
      const frame = this.#open.at(-1);
      if (quote !== '') {
        quote = letter === quote ? '' : quote;
        this.#token += letter;
      } else if (letter === '#' && /^\s?$/.test(letters[at - 1] ?? '')) {
        this.#quiet = true;
        return;
      } else if (letter === '{' || letter === '[') {
        this.#push(true, letter === '[', this.#block);
        this.#token = '';
      } else if (frame?.flow !== true) {
        // Behind the last bracket.
        this.#quiet = true;
        return;
      } else if (letter === '}' || letter === ']') {
        this.#say(frame);
        this.#open.pop();
        this.#token = letter;
      } else if (letter === ',') {
        this.#say(frame);
        frame.key = null;
        frame.index += 1;
        this.#token = '';
      } else if (letter === ':' && !frame.list && frame.key === null) {
        frame.key = this.#token.trim().replace(/^(["'])(.*)\1$/, '$2');
        frame.keys.push(frame.key);
        this.#token = '';
      } else {
        quote = letter === '"' || letter === "'" ? letter : '';
        this.#token += letter;
      }
    }
    this.#quiet ||= quote !== '';
  }

  #say(frame: Frame): void {
    if (frame.key === 'type') {
      frame.type = this.#token.trim();
    }
  }
}
