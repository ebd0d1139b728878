import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import '../styles/create.css';
import { size } from '../model/format';
import { TEMPLATE } from '../model/template';
import { Button } from '../panel/button';
import { useWords } from '../words/words';
import type { StudioClient, StudioHost } from './contract';
import { Problems } from './problems';
import { type Outcome, StartFooter } from './start-footer';
import { useCheck } from './use-check';
import { useLeft } from './use-left';
import { useStart } from './use-start';
import { mountView } from './view';
import { type FieldHandle, YamlField } from './yaml-field';

/** More than any configuration has; a larger file is something else. */
const MOST_BYTES = 1_000_000;

/**
 * Lets a person write a new run's configuration and start it, in a whole tab or page. Gives a function that takes the
 * view away again.
 *
 * @param yaml what it begins with; an example unless told
 */
export function mountCreate(
  element: HTMLElement,
  client: StudioClient,
  yaml: string | undefined,
  host: StudioHost
): () => void {
  return mountView(element, host.language, <Create client={client} yaml={yaml} host={host} />);
}

interface CreateProps {
  client: StudioClient;
  yaml: string | undefined;
  host: StudioHost;
}

function Create({ client, yaml, host }: CreateProps): JSX.Element {
  const said = useWords().create;
  const [text, setText] = useState(yaml ?? TEMPLATE);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const check = useCheck(client, text);
  const field = useRef<FieldHandle | null>(null);
  const left = useLeft();
  const wrong = check.text === text && check.problems.length > 0;

  const replace = (next: string, name: string) => {
    field.current?.replace(next);
    setOutcome({ text: `${said.opened(name)} ${said.undo}`, failed: false });
  };
  const open = async (file: File) => {
    const answer = await readYaml(file);
    if (left.current) {
      return;
    }
    if ('text' in answer) {
      replace(answer.text, file.name);
    } else {
      const reasons = {
        large: said.tooLarge(file.name, size(file.size)),
        binary: said.notText(file.name),
        unreadable: said.unreadable(file.name)
      };
      setOutcome({ text: reasons[answer.problem], failed: true });
    }
  };
  const [starting, begin] = useStart(
    async () => {
      setOutcome(null);
      const { id } = await client.train(text);
      // Who has gone elsewhere meanwhile stays there; the list shows the new run.
      if (!left.current) {
        host.open(id);
      }
    },
    reason => setOutcome({ text: reason, failed: true })
  );
  const start = () => {
    if (wrong) {
      field.current?.goTo(check.problems.find(({ line }) => line !== null)?.line ?? 1);
    } else {
      begin();
    }
  };

  return (
    <section class="dlt-card dlt-create" aria-label={said.title}>
      <header class="dlt-view-header">
        <h2>{said.title}</h2>
        <span class="dlt-spring" />
        <FileButton onFile={file => void open(file)} />
        <Button
          label={said.template}
          disabled={text === TEMPLATE}
          onClick={() => replace(TEMPLATE, said.template)}
        />
      </header>
      <DropZone onFile={file => void open(file)}>
        <YamlField
          text={text}
          label={said.label}
          problems={check.problems}
          handle={field}
          onText={setText}
          onSubmit={start}
        />
      </DropZone>
      <Problems check={check} text={text} onLine={line => field.current?.goTo(line)} />
      <StartFooter
        label={said.start}
        busyLabel={said.starting}
        starting={starting}
        disabled={wrong}
        why={said.mendFirst}
        outcome={outcome}
        onStart={start}
      >
        <span class="dlt-muted dlt-keys">{said.meaning}</span>
      </StartFooter>
    </section>
  );
}

function FileButton({ onFile }: { onFile: (file: File) => void }): JSX.Element {
  const said = useWords().create;
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        accept=".yaml,.yml,application/yaml,text/yaml"
        hidden
        aria-label={said.open}
        onChange={event => {
          const [file] = event.currentTarget.files ?? [];
          if (file !== undefined) {
            onFile(file);
          }
          // So that the same file can be opened again.
          event.currentTarget.value = '';
        }}
      />
      <Button label={said.open} onClick={() => input.current?.click()} />
    </>
  );
}

/** Takes a file that is dropped on what it holds, before the editor would write it into the middle of its text. */
function DropZone(props: { onFile: (file: File) => void; children: JSX.Element }): JSX.Element {
  const said = useWords().create;
  const [over, setOver] = useState(false);
  const carriesFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button above opens files by keyboard.
    <div
      class="dlt-drop"
      data-over={over}
      onDragOverCapture={event => {
        if (carriesFile(event)) {
          event.preventDefault();
          setOver(true);
        }
      }}
      onDragLeave={event => {
        if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget))) {
          setOver(false);
        }
      }}
      onDropCapture={event => {
        const file = event.dataTransfer?.files[0];
        if (carriesFile(event)) {
          event.preventDefault();
          event.stopPropagation();
          setOver(false);
        }
        if (file !== undefined) {
          props.onFile(file);
        }
      }}
    >
      {props.children}
      {over ? <p class="dlt-drop-hint">{said.dropHere}</p> : null}
    </div>
  );
}

type Read = { text: string } | { problem: 'large' | 'binary' | 'unreadable' };

async function readYaml(file: File): Promise<Read> {
  if (file.size > MOST_BYTES) {
    return { problem: 'large' };
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer()) };
  } catch (error) {
    if (error instanceof TypeError) {
      return { problem: 'binary' };
    }
    if (error instanceof DOMException) {
      return { problem: 'unreadable' };
    }
    throw error;
  }
}
