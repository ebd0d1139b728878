import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useWords } from '../words/words';
import type { RunRow, StudioClient, StudioHost } from './contract';

const SUGGESTIONS = 5;

/** No run answers to the id: why, and runs that may be meant. */
export function UnknownRun(props: { client: StudioClient; host: StudioHost; reason: string }): JSX.Element {
  const { client, host, reason } = props;
  const { run: said, states } = useWords();
  const [rows, setRows] = useState<RunRow[]>([]);
  useEffect(() => {
    let over = false;
    const meant = closeMatch(reason);
    client
      .page({ limit: SUGGESTIONS, sort: 'newest', ...(meant === null ? {} : { filter: meant }) })
      // Without them the reason still stands there.
      .then(
        ({ runs }) => !over && setRows(runs),
        () => undefined
      );
    return () => {
      over = true;
    };
  }, [client, reason]);
  return (
    <section class="dlt-card dlt-blank">
      <p class="dlt-empty-title">{said.unknownTitle}</p>
      <p role="alert">{reason}</p>
      {rows.length === 0 ? null : (
        <div class="dlt-suggestions">
          <p>{said.suggestions}</p>
          <ul>
            {rows.map(({ id, name, state }) => (
              <li key={id}>
                <button type="button" class="dlt-link" onClick={() => host.open(id)}>
                  {name}
                </button>
                <span class="dlt-muted">{states[state]}</span>
                <code>{id}</code>
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

/** The name an error suggests: `Did you mean 'digits-cnn'?` */
export function closeMatch(reason: string): string | null {
  return /Did you mean '([^']+)'\?/.exec(reason)?.[1] ?? null;
}
