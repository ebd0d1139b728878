import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import '../styles/form-cell.css';
import type { FormPlace } from '../clients/form-contract';
import type { Connection } from '../contract';
import { RunForm, type RunFormHandle } from '../form/run-form';
import { TEMPLATE } from '../model/template';
import { Icon } from '../panel/icons';
import { useWords } from '../words/words';
import { mountView } from './view';

/**
 * Shows the form of a new run in a cell of a notebook; the runs it starts are shown below it by the kernel. Gives a
 * function that takes it away again.
 */
export function mountFormCell(element: HTMLElement, place: FormPlace): () => void {
  return mountView(element, place.language, <FormCell place={place} />);
}

function FormCell({ place }: { place: FormPlace }): JSX.Element {
  const { client, onText, onElsewhere } = place;
  const said = useWords().create;
  const form = useRef<RunFormHandle | null>(null);
  const [started, setStarted] = useState<string | null>(null);
  const [yaml] = useState(place.text === '' ? TEMPLATE : place.text);
  const connection = useConnection(client);
  // Before anything is typed, or told from elsewhere: later the one would be told in place of what was typed, and the
  // other missed. An example that was put in the place of nothing is the kernel's text, too.
  useLayoutEffect(() => onText(yaml), [onText, yaml]);
  useLayoutEffect(() => onElsewhere(next => form.current?.replace(next)), [onElsewhere]);
  return (
    <section class="dlt-card dlt-create dlt-form-cell" aria-label={said.title}>
      {connection === 'disconnected' ? (
        <p class="dlt-said dlt-form-gone" data-failed role="alert">
          <Icon name="warning" />
          <span>{said.noKernel}</span>
        </p>
      ) : null}
      <RunForm
        client={client}
        yaml={yaml}
        handle={form}
        onText={text => {
          setStarted(null);
          onText(text);
        }}
        onStarted={({ name }) => setStarted(name)}
        meaning={said.meaningHere}
      >
        <p class="dlt-said dlt-form-started" role="status">
          {started === null ? null : (
            <>
              <Icon name="check" />
              <span>{said.startedBelow(started)}</span>
            </>
          )}
        </p>
      </RunForm>
    </section>
  );
}

/** How the kernel can be reached now. */
function useConnection(client: FormPlace['client']): Connection {
  const [connection, setConnection] = useState(client.connection());
  useEffect(() => {
    setConnection(client.connection());
    return client.onConnection(setConnection);
  }, [client]);
  return connection;
}
