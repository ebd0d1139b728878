import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  autocompletion,
  completionKeymap
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
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
import { KEYS, VALUES } from '../model/template';
import type { Problem } from './contract';

export interface EditorOptions {
  text: string;
  label: string;
  /** The element that says how the keyboard leaves the editor. */
  describedBy: string;
  onChange: (text: string) => void;
  /** Ctrl+Enter. */
  onSubmit: () => void;
}

export interface CodeEditor {
  replace(text: string): void;
  mark(problems: Problem[]): void;
  /** Puts the cursor on a line and shows it. */
  goTo(line: number): void;
  focus(): void;
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
    focus: () => view.focus(),
    destroy: () => view.destroy()
  };
}

function extensions({ label, describedBy, onChange, onSubmit }: EditorOptions): Extension {
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
    autocompletion({ override: [complete], icons: false }),
    keymap.of([
      { key: 'Mod-Enter', run: submit },
      ...completionKeymap,
      ...defaultKeymap.filter(({ key }) => key !== 'Mod-Enter'),
      ...historyKeymap,
      ...lintKeymap,
      // After Escape, Tab leaves the editor: CodeMirror's own way out.
      indentWithTab
    ]),
    EditorView.contentAttributes.of({ 'aria-label': label, 'aria-describedby': describedBy }),
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

function complete(context: CompletionContext): CompletionResult | null {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const value = /^(\w+):\s*([\w-]*)$/.exec(before);
  if (value !== null) {
    const [, key = '', typed = ''] = value;
    return offer(VALUES[key] ?? [], context.pos - typed.length, 'enum', '');
  }
  if (!/^\w*$/.test(before) || (before === '' && !context.explicit)) {
    return null;
  }
  const used = new Set([...context.state.doc.toString().matchAll(/^(\w+):/gm)].map(([, key]) => key));
  return offer(
    KEYS.filter(key => !used.has(key)),
    line.from,
    'property',
    ': '
  );
}

function offer(labels: string[], from: number, type: string, after: string): CompletionResult | null {
  const options: Completion[] = labels.map(label => ({ label, type, apply: label + after }));
  return options.length === 0 ? null : { from, options, validFor: /^[\w-]*$/ };
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
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '600' }
});
