import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import '../styles/create.css';
import type { Memory } from '../contract';
import { RunForm, type RunFormHandle } from '../form/run-form';
import { size } from '../model/format';
import { TEMPLATE } from '../model/template';
import { Button } from '../panel/button';
import { useWords } from '../words/words';
import type { StudioClient, StudioHost } from './contract';
import { useLeft } from './use-left';
import { mountView } from './view';

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
  host: StudioHost,
  options: CreateOptions = {}
): () => void {
  return mountView(element, host.language, <Create client={client} yaml={yaml} host={host} {...options} />);
}

interface CreateOptions {
  /** Keeps which sections of the form are open. */
  memory?: Memory;
  /** Told of each change of the text. */
  onText?: (text: string) => void;
}

interface CreateProps extends CreateOptions {
  client: StudioClient;
  yaml: string | undefined;
  host: StudioHost;
}

function Create({ client, yaml, host, memory, onText }: CreateProps): JSX.Element {
  const said = useWords().create;
  const [text, setText] = useState(yaml ?? TEMPLATE);
  const form = useRef<RunFormHandle | null>(null);
  const left = useLeft();
  const replace = (next: string, name: string) =>
    form.current?.replace(next, `${said.opened(name)} ${said.undo}`);
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
      form.current?.refuse(reasons[answer.problem]);
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
        <RunForm
          client={client}
          yaml={yaml ?? TEMPLATE}
          handle={form}
          onText={next => {
            setText(next);
            onText?.(next);
          }}
          onStarted={({ id }) => host.open(id)}
          {...(memory === undefined ? {} : { memory })}
        />
      </DropZone>
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
