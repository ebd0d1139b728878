import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Snapshot } from '../contract';
import type { FormField } from '../form/contract';
import { count } from '../model/format';
import { changesBetween, parseSettings, written } from '../model/yaml';
import { Button } from '../panel/button';
import { Icon } from '../panel/icons';
import { useWords } from '../words/words';
import type { StudioClient, StudioHost } from './contract';
import { Problems } from './problems';
import { StartFooter } from './start-footer';
import { useCheck } from './use-check';
import { useLeft } from './use-left';
import { useStart } from './use-start';
import { useParts } from './use-parts';
import { type FieldHandle, YamlField } from './yaml-field';

interface CloneEditorProps {
  client: StudioClient;
  host: StudioHost;
  snapshot: Snapshot;
  /** The checkpoint whose weights the new run begins with. */
  step: number;
  onDone: () => void;
}

/** Changes a run's settings for a new one that begins with the weights of a checkpoint. */
export function CloneEditor({ client, host, snapshot, step, onDone }: CloneEditorProps): JSX.Element {
  const words = useWords();
  const said = words.clone;
  // A live run's configuration may change while somebody writes here.
  const [original] = useState(snapshot.config);
  const [text, setText] = useState(original);
  const [refused, setRefused] = useState<string | null>(null);
  const check = useCheck(client, text);
  const field = useRef<FieldHandle | null>(null);
  const left = useLeft();
  const root = useRef<HTMLElement>(null);
  // It opens far above the button that opens it.
  useLayoutEffect(() => field.current?.goTo(1), []);
  const parts = useParts(client);
  const known = useRef<readonly FormField[] | null>(null);
  const settings = async () => {
    known.current ??= await client.settings();
    return known.current;
  };
  const close = () => {
    root.current?.closest('.dlt-card')?.querySelector<HTMLElement>('[role=tab][aria-selected=true]')?.focus();
    onDone();
  };
  const before = useMemo(() => parseSettings(original) ?? {}, [original]);
  const after = useMemo(() => parseSettings(text), [text]);
  const difference = after === null ? null : changesBetween(before, after);
  const wrong = difference === null || (check.text === text && check.problems.length > 0);

  const [starting, begin] = useStart(async () => {
    setRefused(null);
    const made = await client.act(snapshot.run.id, 'clone', { step, changes: difference?.changes ?? {} });
    // Who has gone elsewhere meanwhile stays there; the list shows the new run.
    if (left.current) {
      return;
    }
    close();
    const id = idOf(made);
    if (id !== null) {
      host.open(id);
    }
  }, setRefused);
  const start = () => {
    if (!wrong) {
      begin();
    }
  };

  return (
    <section ref={root} class="dlt-clone" aria-label={said.title(snapshot.run.name, count(step))}>
      <p class="dlt-clone-title">
        <Icon name="clone" />
        <b>{said.title(snapshot.run.name, count(step))}</b>
      </p>
      <YamlField
        text={text}
        label={said.label}
        problems={check.problems}
        handle={field}
        onText={setText}
        onSubmit={start}
        settings={settings}
        parts={parts.of}
      />
      <Problems check={check} text={text} onLine={line => field.current?.goTo(line)} />
      {difference === null ? null : (
        <div class="dlt-clone-changes">
          {Object.keys(difference.changes).length === 0 ? (
            <p class="dlt-muted">{said.unchanged}</p>
          ) : (
            <>
              <p class="dlt-muted">{said.changed}</p>
              <dl>
                {Object.entries(difference.changes).map(([key, value]) => (
                  <div key={key}>
                    <dt>{key}</dt>
                    <dd>
                      <span class="dlt-muted">
                        {key in before ? written(before[key]) : words.comparison.byDefault}
                      </span>
                      {' → '}
                      <b>{written(value)}</b>
                    </dd>
                  </div>
                ))}
              </dl>
            </>
          )}
          {difference.kept.length === 0 ? null : (
            <p class="dlt-muted">{said.kept(difference.kept.join(', '))}</p>
          )}
        </div>
      )}
      <StartFooter
        label={said.start}
        busyLabel={said.starting}
        starting={starting}
        disabled={wrong}
        outcome={refused === null ? null : { text: refused, failed: true }}
        onStart={start}
      >
        <Button label={words.actions.cancel} onClick={close} />
      </StartFooter>
    </section>
  );
}

function idOf(made: unknown): string | null {
  return typeof made === 'object' && made !== null && 'id' in made && typeof made.id === 'string'
    ? made.id
    : null;
}
