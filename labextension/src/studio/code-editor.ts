import {
  type CompletionContext,
  type CompletionResult,
  autocompletion,
  completionKeymap
} from '@codemirror/autocomplete';
import {
  defaultKeymap,
  history,
  historyKeymap,
  indentWithTab,
  isolateHistory,
  redo,
  undo
} from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, bracketMatching, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { EditorState, type Extension } from '@codemirror/state';
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { FormField } from '../form/contract';
import type { TextEdit } from '../model/yaml-edit';
import type { Parts, Problem } from './contract';
import { offersAt } from './yaml-offers';

export interface EditorOptions {
  text: string;
  label: string;
  /** The element that says how the keyboard leaves the editor. */
  describedBy: string;
  onChange: (text: string) => void;
  /** Ctrl+Enter. */
  onSubmit: () => void;
  /** The settings of a run, to be offered; rejects where nobody can tell. */
  settings: () => Promise<readonly FormField[]>;
  /** Lists the parts of a kind, likewise. */
  parts: (kind: string) => Promise<Parts>;
}

export interface CodeEditor {
  replace(text: string): void;
  /** Carries out edits that come from a form, and shows where. They are undone as what is typed is. */
  edit(edits: readonly TextEdit[]): void;
  undo(): void;
  redo(): void;
  mark(problems: Problem[]): void;
  /** Puts the cursor on a line and shows it. */
  goTo(line: number): void;
  /** Takes the focus, with the cursor at a place in the text. */
  focus(at: number): void;
  destroy(): void;
}

/** An editor for YAML. This file brings CodeMirror along, so views load it when they need it. */
export function createEditor(parent: HTMLElement, options: EditorOptions): CodeEditor {
  const view = new EditorView({
    parent,
    state: EditorState.create({ doc: options.text, extensions: extensions(options) })
  });
  return {
    replace(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    edit(edits) {
      // Called typing, so that letters of one word are undone together; what is more than a word is undone by itself.
      const written = edits.map(({ from, to, insert }) => insert + view.state.sliceDoc(from, to));
      // Blanks alone keep a comment in its column.
      const words = written.filter(text => text.trim() !== '').join('');
      view.dispatch({
        changes: [...edits],
        userEvent: 'input.type.form',
        ...(/[\s,:[\]{}]/.test(words) ? { annotations: isolateHistory.of('before') } : {})
      });
      const [first] = edits;
      if (first !== undefined) {
        show(view, Math.min(first.from, view.state.doc.length));
      }
    },
    undo: () => void undo(view),
    redo: () => void redo(view),
    mark(problems) {
      view.dispatch(setDiagnostics(view.state, diagnostics(view.state, problems)));
    },
    goTo(line) {
      const { from } = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
      view.dispatch({
        selection: { anchor: from },
        effects: EditorView.scrollIntoView(from, { y: 'center' })
      });
      view.focus();
    },
    focus: at => {
      view.dispatch({ selection: { anchor: Math.min(at, view.state.doc.length) } });
      view.focus();
    },
    destroy: () => view.destroy()
  };
}

/** Scrolls the editor alone so far that a place is seen; what is around it stays where it is. */
function show(view: EditorView, at: number): void {
  const { scrollDOM } = view;
  const { top, bottom } = view.lineBlockAt(at);
  if (top < scrollDOM.scrollTop || bottom > scrollDOM.scrollTop + scrollDOM.clientHeight) {
    scrollDOM.scrollTop = Math.max(0, top - scrollDOM.clientHeight / 3);
  }
}

function extensions(options: EditorOptions): Extension {
  const { label, describedBy, onChange, onSubmit } = options;
  const submit = () => {
    onSubmit();
    return true;
  };
  return [
    lineNumbers(),
    lintGutter(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    bracketMatching(),
    indentUnit.of('  '),
    yaml(),
    syntaxHighlighting(COLOURS),
    autocompletion({ override: [context => complete(context, options)], icons: false }),
    keymap.of([
      { key: 'Mod-Enter', run: submit },
      ...completionKeymap,
      ...defaultKeymap.filter(({ key }) => key !== 'Mod-Enter'),
      ...historyKeymap,
      ...lintKeymap,
      // After Escape, Tab leaves the editor: CodeMirror's own way out.
      indentWithTab
    ]),
    // What can be edited can be focused; said as well, for those who look for that.
    EditorView.contentAttributes.of({ 'aria-label': label, 'aria-describedby': describedBy, tabindex: '0' }),
    EditorView.updateListener.of(update => update.docChanged && onChange(update.state.doc.toString())),
    LOOK,
    // Where a page lets nobody write style sheets but who shows this, CodeMirror shows it.
    EditorView.cspNonce.of(document.querySelector<HTMLElement>('link[nonce]')?.nonce ?? '')
  ];
}

function diagnostics({ doc }: EditorState, problems: Problem[]): Diagnostic[] {
  return problems.flatMap(({ line: number, message }) => {
    if (number === null || number < 1 || number > doc.lines) {
      return [];
    }
    const line = doc.line(number);
    const from = line.from + (/\S/.exec(line.text)?.index ?? 0);
    return [{ from, to: line.to, severity: 'error' as const, message }];
  });
}

/** Offers what may be written at the cursor: settings and their values, parts, those of plug-ins among them. */
async function complete(
  context: CompletionContext,
  { settings, parts }: EditorOptions
): Promise<CompletionResult | null> {
  const { doc } = context.state;
  const line = doc.lineAt(context.pos);
  if (!context.explicit && line.text.slice(0, context.pos - line.from).trim() === '') {
    return null;
  }
  try {
    const found = await offersAt(doc.toString(), context.pos, { settings: await settings(), parts });
    if (found === null || found.offers.length === 0 || context.aborted) {
      return null;
    }
    const options = found.offers.map(({ kind, ...offer }) => ({
      ...offer,
      type: kind === 'name' ? 'enum' : 'property'
    }));
    return { from: context.pos - found.typed.length, options, validFor: /^[\w.-]*$/ };
  } catch {
    // Where nobody answers, nothing is offered, and one writes on.
    return null;
  }
}

/** The colours of the theme around it, so that it changes with that. */
const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], class: 'dlt-yaml-key' },
  { tag: [tags.comment, tags.lineComment], class: 'dlt-muted' },
  { tag: tags.invalid, class: 'dlt-code-invalid' }
]);

const LOOK = EditorView.theme({
  '&': { height: '100%', color: 'var(--dlt-text)', backgroundColor: 'var(--dlt-surface)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--dlt-code)', fontSize: 'var(--dlt-size)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--dlt-text)', padding: '8px 0' },
  '.cm-cursor, .cm-dropCursor': { borderLeftColor: 'var(--dlt-text)' },
  '.cm-gutters': {
    color: 'var(--dlt-muted)',
    backgroundColor: 'var(--dlt-sunken)',
    borderRight: '1px solid var(--dlt-line)'
  },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--dlt-text) 4%, transparent)' },
  '&.cm-focused .cm-activeLineGutter': { backgroundColor: 'var(--dlt-hover)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--dlt-accent) 26%, transparent)'
  },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': {
    backgroundColor: 'color-mix(in srgb, var(--dlt-accent) 22%, transparent)'
  },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--dlt-error) 1px',
    textUnderlineOffset: '3px'
  },
  '.cm-lint-marker-error': {
    content: '""',
    width: '8px',
    height: '8px',
    margin: '0.4em 3px 0',
    backgroundColor: 'var(--dlt-error)',
    borderRadius: '50%'
  },
  '.cm-tooltip': {
    color: 'var(--dlt-text)',
    backgroundColor: 'var(--dlt-surface)',
    border: '1px solid var(--dlt-line)',
    borderRadius: '5px',
    boxShadow: '0 4px 16px rgb(0 0 0 / 18%)'
  },
  '.cm-tooltip-lint': { fontFamily: 'var(--dlt-font)', fontSize: 'var(--dlt-small)', maxWidth: '60ch' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--dlt-error)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--dlt-code)', maxHeight: '14em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '2px 8px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { color: '#fff', backgroundColor: 'var(--dlt-fill)' },
  '.cm-completionDetail': {
    marginLeft: '1.2em',
    fontFamily: 'var(--dlt-font)',
    fontSize: 'var(--dlt-small)',
    fontStyle: 'normal',
    color: 'var(--dlt-muted)'
  },
  '.cm-tooltip-autocomplete ul li[aria-selected] .cm-completionDetail': { color: 'inherit' },
  '.cm-tooltip.cm-completionInfo': {
    maxWidth: '42ch',
    padding: '6px 10px',
    fontFamily: 'var(--dlt-font)',
    fontSize: 'var(--dlt-small)'
  },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '600' }
});
