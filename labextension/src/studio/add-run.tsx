import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { metric } from '../model/format';
import { message } from '../model/run-model';
import { Button } from '../panel/button';
import { useUniqueId } from '../panel/hooks';
import { useWords } from '../words/words';
import type { RunRow, StudioClient } from './contract';

const OFFERED = 8;
/** Typing must rest so long before the server is asked. */
const REST_MS = 200;

/** Finds a further run by what the list's filter understands: a button until it is wanted. */
export function AddRun(props: {
  client: StudioClient;
  taken: string[];
  onAdd: (id: string) => void;
}): JSX.Element {
  const said = useWords().comparison;
  const [state, setState] = useState<'new' | 'open' | 'left' | 'cancelled'>('new');
  return state === 'open' ? (
    <Finder {...props} onDone={back => setState(back ? 'cancelled' : 'left')} />
  ) : (
    <Button label={said.add} autoFocus={state === 'cancelled'} onClick={() => setState('open')} />
  );
}

function Finder(props: {
  client: StudioClient;
  taken: string[];
  onAdd: (id: string) => void;
  /** Told whether the focus should go back to where it was. */
  onDone: (back: boolean) => void;
}): JSX.Element {
  const { client, taken, onAdd, onDone } = props;
  const words = useWords();
  const said = words.comparison;
  const [filter, setFilter] = useState('');
  const [at, setAt] = useState(0);
  const { rows, failed } = useFound(client, filter, taken.length);
  const root = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const id = useUniqueId();
  useLayoutEffect(() => input.current?.focus(), []);
  const offered = rows?.filter(row => !taken.includes(row.id)).slice(0, OFFERED) ?? [];
  const chosen = Math.min(at, offered.length - 1);

  const add = (row: RunRow | undefined) => {
    if (row !== undefined) {
      onAdd(row.id);
      setFilter('');
      setAt(0);
      input.current?.focus();
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && offered.length > 0) {
      setAt((chosen + step + offered.length) % offered.length);
    } else if (event.key === 'Enter') {
      add(offered[chosen]);
    } else if (event.key === 'Escape') {
      onDone(true);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      class="dlt-finder"
      ref={root}
      onFocusOut={event => {
        if (!(event.relatedTarget instanceof Node && root.current?.contains(event.relatedTarget) === true)) {
          onDone(false);
        }
      }}
    >
      <input
        ref={input}
        class="dlt-input"
        role="combobox"
        aria-label={said.add}
        aria-expanded={true}
        aria-controls={id}
        aria-activedescendant={offered[chosen] === undefined ? undefined : `${id}-${chosen}`}
        aria-autocomplete="list"
        autocomplete="off"
        spellcheck={false}
        placeholder={said.addHint}
        value={filter}
        onInput={event => {
          setFilter(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div class="dlt-found" id={id} role="listbox" aria-label={said.add}>
        {offered.map((row, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keyboard.
          <div
            key={row.id}
            id={`${id}-${i}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === chosen}
            // Keeps the focus in the field.
            onPointerDown={event => event.preventDefault()}
            onPointerEnter={() => setAt(i)}
            onClick={() => add(row)}
          >
            <span class="dlt-found-name">{row.name}</span>
            <span class="dlt-state-word" data-state={row.state}>
              {words.states[row.state]}
            </span>
            <span class="dlt-muted">{row.best === null ? '' : metric(row.best)}</span>
          </div>
        ))}
        {offered.length > 0 ? null : (
          <div class="dlt-muted" role="status">
            {failed ?? (rows === null ? words.list.loading : said.nothingFound)}
          </div>
        )}
      </div>
    </div>
  );
}

/** Runs that a filter lets through, asked for when typing rests. */
function useFound(client: StudioClient, filter: string, taken: number) {
  const [found, setFound] = useState<{ rows: RunRow[] | null; failed: string | null }>({
    rows: null,
    failed: null
  });
  useEffect(() => {
    let overtaken = false;
    const timer = setTimeout(() => {
      client
        // As many more as may be left out, because they are compared already.
        .page({ filter, limit: OFFERED + taken, sort: 'newest' })
        .then(({ runs }) => ({ rows: runs, failed: null }))
        .catch((error: unknown) => ({ rows: [], failed: message(error) }))
        .then(answer => !overtaken && setFound(answer));
    }, REST_MS);
    return () => {
      overtaken = true;
      clearTimeout(timer);
    };
  }, [client, filter, taken]);
  return found;
}
