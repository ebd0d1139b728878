import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import '../styles/create.css';
import '../styles/form.css';
import type { Misfit } from '../builder/rows';
import type { Memory } from '../contract';
import { historyKey } from '../model/history-key';
import { browserMemory } from '../model/memory';
import { type Path, type ReadYaml, lineAt } from '../model/yaml-document';
import { useUniqueId } from '../panel/hooks';
import { LeftOut, Problems } from '../studio/problems';
import { type Outcome, StartFooter } from '../studio/start-footer';
import { type Check, useCheck } from '../studio/use-check';
import { useLeft } from '../studio/use-left';
import { useParts } from '../studio/use-parts';
import { useStart } from '../studio/use-start';
import { type FieldHandle, YamlField } from '../studio/yaml-field';
import { useWords } from '../words/words';
import { useFormWords } from './words';
import type { FieldProblem, FormClient, FormField } from './contract';
import { sentence } from './faults';
import { FormPane } from './form-pane';
import { spoken } from './named';
import { type Pane, Panes } from './panes';
import { StackContext, type StackPlace, builderInstead } from './stack-layers';
import { standingFaults } from './standing-faults';
import { useDocument } from './use-document';
import { useDrafts } from './use-drafts';
import { useEditorHeight } from './use-editor-height';
import { useEdits } from './use-edits';
import { usePartLists } from './use-part-lists';
import { useSettings } from './use-settings';

/** What who shows the form can do to it. */
export interface RunFormHandle {
  /** Writes a text that comes from elsewhere in place of what is there, and says so. */
  replace(text: string, said?: string): void;
  /** Says why something couldn't be done. */
  refuse(reason: string): void;
}

export interface RunFormProps {
  client: FormClient;
  /** The configuration it begins with, as YAML. */
  yaml: string;
  handle?: { current: RunFormHandle | null };
  /** Which sections are open, and whether everything is shown; the browser's unless told. */
  memory?: Memory;
  /** Told of each change of the text. */
  onText?: (text: string) => void;
  /** Told of the run that was started, unless nobody looks any more. */
  onStarted: (made: { id: string; name: string }) => void;
  /** What starting means, below the form; that it trains in a process of its own, unless told. */
  meaning?: string;
  children?: ComponentChildren;
}

const NO_FIELDS: readonly FormField[] = [];
const NO_PROBLEMS: readonly FieldProblem[] = [];

/**
 * A new run's configuration as a form and as YAML, each of which follows the other, and the button that starts it. The
 * text is what counts: the form reads it, and writes into it.
 */
export function RunForm(props: RunFormProps): JSX.Element {
  const { client } = props;
  const said = useWords().create;
  const words = useFormWords();
  const [memory] = useState(() => props.memory ?? browserMemory());
  const id = useUniqueId();
  const field = useRef<FieldHandle | null>(null);
  const settings = useSettings(client);
  const fields = settings.fields ?? NO_FIELDS;
  const order = useMemo(() => fields.map(({ name }) => name), [fields]);
  const edits = useEdits(props.yaml, field, order, props.onText);
  const { text } = edits;
  const document = useDocument(text);
  const checked = useCheck(client, text);
  const parts = useParts(client);
  const lists = usePartLists(client, parts.of);
  const left = useLeft();
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [shown, setShown] = useState<Pane>('form');
  const [misfit, setMisfit] = useState<Misfit | null>(null);
  const check = useMemo(() => withMisfit(checked, misfit, document), [checked, misfit, document]);
  const drafts = useDrafts();

  const root = useRef<HTMLDivElement>(null);
  useEditorHeight(root);
  // A tab that is come back to is the same view; its plug-ins may be others by now.
  const refresh = lists.refresh;
  useEffect(() => {
    const observer = new IntersectionObserver(seen => {
      if (seen.some(({ isIntersecting }) => isIntersecting)) {
        parts.look();
        refresh();
      }
    });
    if (root.current !== null) {
      observer.observe(root.current);
    }
    return () => observer.disconnect();
  }, [parts.look, refresh]);

  // What was said of another text may be mended by now.
  const fresh = check.text === text && check.failed === null;
  const problems = useMemo<readonly FieldProblem[]>(
    () =>
      fresh && check.problems.length > 0
        ? check.problems.flatMap(({ path = [], message }) => (path.length > 0 ? [{ path, message }] : []))
        : NO_PROBLEMS,
    [fresh, check.problems]
  );
  const faults = useMemo(
    () => standingFaults(fields, document.values, lists.known),
    [fields, document.values, lists.known]
  );
  const wrong = useMemo<Path[]>(() => {
    const paths = [...faults, ...problems].map(({ path }) => path);
    return paths.filter((path, at) => paths.findIndex(other => other.join('.') === path.join('.')) === at);
  }, [faults, problems]);
  const framework = frameworkOf(document.values.framework, fields);

  const reason = (): string | null => {
    if (drafts.any) {
      return words.blockedDraft;
    }
    // What is wrong stands where it is mended, and in the list above; it isn't said a third time. Only who knows the data
    // can tell that a layer doesn't fit; of all else whoever starts it knows best.
    if (misfit !== null || (fresh && check.problems.length > 0)) {
      return said.mendFirst;
    }
    if (fresh) {
      return null;
    }
    // Where nobody has looked yet, what can be seen here counts.
    if (!document.current) {
      return words.blockedYaml;
    }
    const [first] = faults;
    return first === undefined
      ? null
      : words.blocked(spoken(String(first.path[0]), words.names), sentence(words, first.fault));
  };
  const blocked = reason();
  const place = useMemo<StackPlace>(
    () => ({
      client,
      values: document.values,
      onMisfit: setMisfit,
      undo: () => void field.current?.undo(),
      redo: () => void field.current?.redo()
    }),
    [client, document.values]
  );

  const [starting, begin] = useStart(
    async () => {
      setOutcome(null);
      const made = await client.train(text);
      // Who has gone elsewhere meanwhile stays there; the list shows the new run.
      if (!left.current) {
        props.onStarted(made);
      }
    },
    refusal => setOutcome({ text: refusal, failed: true })
  );
  const [target, setTarget] = useState<{ line: number } | null>(null);
  const goTo = (line: number) => {
    setShown('yaml');
    setTarget({ line });
  };
  // What was hidden takes the focus only once it is shown.
  useLayoutEffect(() => {
    if (target !== null) {
      field.current?.goTo(target.line);
    }
  }, [target]);
  const start = () => {
    if (blocked !== null) {
      goTo(check.problems.find(({ line }) => line !== null)?.line ?? 1);
    } else {
      begin();
    }
  };
  const { handle } = props;
  useLayoutEffect(() => {
    if (handle === undefined) {
      return undefined;
    }
    handle.current = {
      replace: (next, told) => {
        field.current?.replace(next);
        setOutcome(told === undefined ? null : { text: told, failed: false });
      },
      refuse: refusal => setOutcome({ text: refusal, failed: true })
    };
    return () => {
      handle.current = null;
    };
  }, [handle]);

  return (
    <div
      ref={root}
      class="dlt-run-form"
      onFocusIn={({ relatedTarget }) => {
        // Whoever comes from elsewhere may have written a plug-in there.
        if (!(relatedTarget instanceof Node && root.current?.contains(relatedTarget))) {
          parts.look();
        }
      }}
    >
      <Panes
        prefix={id}
        shown={shown}
        onShow={setShown}
        form={
          // biome-ignore lint/a11y/noStaticElementInteractions: keys of the controls inside are heard on their way up.
          <div
            onKeyDown={event => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                start();
              } else {
                // One history for the form and the text.
                const key = historyKey(event);
                if (key !== null && field.current?.[key]() === true) {
                  event.preventDefault();
                }
              }
              // What is around it has shortcuts on plain letters and digits.
              if (event.key !== 'Escape' && event.key !== 'Tab') {
                event.stopPropagation();
              }
            }}
          >
            <StackContext.Provider value={place}>
              <FormPane
                settings={settings}
                document={document}
                edits={edits}
                lists={lists}
                memory={memory}
                problems={problems}
                wrong={wrong}
                framework={framework}
                onDraft={drafts.onDraft}
                instead={builderInstead}
              />
            </StackContext.Provider>
          </div>
        }
        yaml={
          <YamlField
            text={text}
            label={said.label}
            problems={check.problems}
            handle={field}
            onText={edits.onText}
            onSubmit={start}
            settings={async () => settings.fields ?? client.settings()}
            parts={parts.of}
          />
        }
      />
      <div class="dlt-run-foot">
        <Problems check={check} text={text} onLine={goTo} />
        <LeftOut problems={parts.problems} />
        <StartFooter
          label={said.start}
          busyLabel={said.starting}
          starting={starting}
          disabled={blocked !== null}
          why={said.mendFirst}
          outcome={outcome}
          onStart={start}
        >
          <span class="dlt-muted dlt-keys dlt-why" data-blocked={blocked !== null}>
            {blocked ?? props.meaning ?? said.meaning}
          </span>
        </StartFooter>
      </div>
      {props.children}
    </div>
  );
}

/** The framework that parts are offered for; `null` where what is said of it is none. */
function frameworkOf(value: unknown, fields: readonly FormField[]): string | null {
  const known = fields.find(({ name }) => name === 'framework');
  const named = value === undefined ? known?.default : value;
  return typeof named === 'string' && known?.options?.includes(named) !== false ? named : null;
}

/** What is wrong, with the layer that doesn't fit: that is known to whoever knows the data, which the check doesn't. */
function withMisfit(check: Check, misfit: Misfit | null, document: ReadYaml): Check {
  if (misfit === null || check.problems.some(({ message }) => message.includes(misfit.reason))) {
    return check;
  }
  const path = ['model', 'layers', String(misfit.at)];
  return {
    ...check,
    problems: [...check.problems, { message: misfit.message, line: lineAt(document, path), path }]
  };
}
