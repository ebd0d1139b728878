import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useUniqueId } from '../panel/hooks';
import type { FormField } from '../form/contract';
import { useWords } from '../words/words';
import type { TextEdit } from '../model/yaml-edit';
import type { CodeEditor } from './code-editor';
import type { Parts, Problem } from './contract';

/** What who shows the field can do to it. */
export interface FieldHandle {
  /** Goes to a line that is wrong. */
  goTo(line: number): void;
  /** Writes a text that comes from elsewhere in place of what is there; who shows the field keeps it too. */
  replace(text: string): void;
  /** Carries out edits that come from a form, after which the text is `next`. */
  edit(edits: readonly TextEdit[], next: string): void;
  /** Takes back what was done last, wherever it was; `false` where only the browser can, in the plain field. */
  undo(): boolean;
  redo(): boolean;
}

interface YamlFieldProps {
  /**
   * What the plain field holds, and the editor begins with. Later ones don't reach the editor: by the time one came
   * back to it, it may hold a newer text of its own.
   */
  text: string;
  label: string;
  problems: Problem[];
  handle: { current: FieldHandle | null };
  onText: (text: string) => void;
  onSubmit: () => void;
  /** The settings of a run, to be offered as one writes. */
  settings: () => Promise<readonly FormField[]>;
  /** Lists the parts of a kind, likewise. */
  parts: (kind: string) => Promise<Parts>;
}

/** Where YAML is written: a plain field at once, and the editor in its place as soon as that is loaded. */
export function YamlField(props: YamlFieldProps): JSX.Element {
  const { text, label, problems } = props;
  const said = useWords().create;
  const place = useRef<HTMLDivElement>(null);
  const plain = useRef<HTMLTextAreaElement>(null);
  const [editor, setEditor] = useState<CodeEditor | null>(null);
  const newest = useRef(props);
  newest.current = props;
  // Edits may come before what follows from an earlier one, or from the loaded editor, was drawn: each goes to the editor
  // from the moment there is one, and that one begins with the text as it is by then.
  const loaded = useRef<CodeEditor | null>(null);
  const written = useRef(text);
  written.current = text;
  const hint = useUniqueId();

  useLayoutEffect(() => {
    const { handle } = newest.current;
    const write = (next: string) => {
      written.current = next;
      newest.current.onText(next);
    };
    handle.current = {
      goTo: line => (loaded.current === null ? goToLine(plain.current, line) : loaded.current.goTo(line)),
      replace: next => (loaded.current === null ? write(next) : loaded.current.replace(next)),
      edit: (edits, next) => (loaded.current === null ? write(next) : loaded.current.edit(edits)),
      undo: () => {
        loaded.current?.undo();
        return loaded.current !== null;
      },
      redo: () => {
        loaded.current?.redo();
        return loaded.current !== null;
      }
    };
    return () => {
      handle.current = null;
    };
  }, []);
  useEffect(() => {
    let closed = false;
    import('./code-editor')
      .then(({ createEditor }) => {
        if (closed || place.current === null) {
          return;
        }
        const field = plain.current;
        const made = createEditor(place.current, {
          text: written.current,
          label: newest.current.label,
          describedBy: hint,
          onChange: next => newest.current.onText(next),
          onSubmit: () => newest.current.onSubmit(),
          settings: () => newest.current.settings(),
          parts: kind => newest.current.parts(kind)
        });
        loaded.current = made;
        setEditor(made);
        if (field !== null && field === document.activeElement) {
          made.focus(field.selectionEnd);
        }
      })
      // Not loaded: the plain field stays, and the problems are listed below it all the same.
      .catch(() => undefined);
    return () => {
      closed = true;
      loaded.current?.destroy();
      loaded.current = null;
    };
  }, [hint]);
  useEffect(() => editor?.mark(problems), [editor, problems]);

  return (
    <div class="dlt-code">
      {editor === null ? (
        <textarea
          ref={plain}
          value={text}
          aria-label={label}
          aria-describedby={hint}
          spellcheck={false}
          autocomplete="off"
          onInput={event => {
            written.current = event.currentTarget.value;
            props.onText(event.currentTarget.value);
          }}
          onKeyDown={event => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              props.onSubmit();
            }
          }}
        />
      ) : null}
      <div class="dlt-code-editor" ref={place} hidden={editor === null} />
      <span class="dlt-hidden" id={hint}>
        {said.leaveEditor}
      </span>
    </div>
  );
}

function goToLine(field: HTMLTextAreaElement | null, line: number): void {
  if (field !== null) {
    const start = field.value
      .split('\n')
      .slice(0, line - 1)
      .reduce((sum, { length }) => sum + length + 1, 0);
    field.focus();
    field.setSelectionRange(start, start);
  }
}
