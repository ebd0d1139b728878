import { type JSX, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import '../styles/theme.css';
import '../styles/panel.css';
import '../styles/buttons.css';
import '../styles/header.css';
import '../styles/navigation.css';
import '../styles/list.css';
import '../styles/list-rows.css';
import '../styles/gauges.css';
import { keepKeys } from '../clients/shortcuts';
import type { Memory } from '../contract';
import { Errands } from '../model/errands';
import { browserMemory } from '../model/memory';
import { ORDER } from '../model/groups';
import { RunList } from '../model/run-list';
import { Button } from '../panel/button';
import { type Words, WordsContext, useWords, words } from '../words/words';
import type { Resources, Sort, StudioClient, StudioHost } from './contract';
import { useChanges } from './hooks';
import { Gauges } from './list/gauges';
import { ConnectionNotice, ListFailed, ListLoading, NoRuns } from './list/notices';
import { RunsGrid } from './list/runs-grid';
import { Toolbar } from './list/toolbar';

export interface SidebarOptions {
  /** Keeps the order, and which groups are folded. */
  memory?: Memory;
}

/** The order in a person's memory. */
const SORT = 'list-sort';

/**
 * Shows the list of runs inside an element, as high as that is. Gives a function that takes the list away again;
 * the client is left open.
 */
export function mountSidebar(
  element: HTMLElement,
  client: StudioClient,
  host: StudioHost,
  { memory = browserMemory() }: SidebarOptions = {}
): () => void {
  const root = document.createElement('div');
  root.className = 'dltrain-panel dlt-sidebar';
  element.append(root);
  const said = words(host.language);
  const kept = memory.get(SORT);
  const list = new RunList(client, isSort(kept, said) ? kept : undefined);
  const errands = new Errands(client, {
    done: verb => said.list.done(said.verbs[verb].replace('…', '')),
    cloned: said.list.cloned,
    deleted: said.list.deleted
  });
  render(
    <WordsContext.Provider value={said}>
      <Sidebar client={client} host={host} list={list} errands={errands} memory={memory} />
    </WordsContext.Provider>,
    root
  );
  const freeKeys = keepKeys(root);
  return () => {
    freeKeys();
    render(null, root);
    errands.close();
    list.close();
    root.remove();
  };
}

interface SidebarProps {
  client: StudioClient;
  host: StudioHost;
  list: RunList;
  errands: Errands;
  memory: Memory;
}

function isSort(kept: unknown, { list }: Words): kept is Sort {
  return typeof kept === 'string' && Object.hasOwn(list.sorts, kept);
}

function Sidebar({ client, host, list, errands, memory }: SidebarProps): JSX.Element {
  useChanges(list);
  const [resources, setResources] = useState<Resources | null>(null);
  const [selection, setSelection] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => client.onResources(setResources), [client]);
  useEffect(
    () =>
      client.onRows((_, gone) => {
        if (gone.length > 0) {
          setSelection(ids => new Set([...ids].filter(id => !gone.includes(id))));
        }
      }),
    [client]
  );
  const { view } = list;
  const runs = ORDER.reduce((sum, group) => sum + view.counts[group], 0);
  return (
    <>
      <Toolbar
        list={list}
        onSort={sort => {
          memory.set(SORT, sort);
          list.setSort(sort);
        }}
        onCreate={() => host.create()}
      />
      <ConnectionNotice connection={view.connection} />
      <div class="dlt-list-body" data-behind={view.behind} data-connection={view.connection}>
        {view.phase === 'loading' ? (
          <ListLoading />
        ) : view.phase === 'failed' ? (
          <ListFailed problem={view.problem ?? ''} onRetry={() => list.retry()} />
        ) : runs === 0 ? (
          <NoRuns filter={view.filter} onClear={() => list.setFilter('')} onCreate={() => host.create()} />
        ) : (
          <RunsGrid
            list={list}
            errands={errands}
            host={host}
            memory={memory}
            here={resources?.host ?? null}
            selection={selection}
            onSelect={setSelection}
          />
        )}
      </div>
      {selection.size === 0 ? null : (
        <Selection ids={[...selection]} onCompare={host.compare} onClear={() => setSelection(new Set())} />
      )}
      <Gauges resources={resources} away={view.connection === 'disconnected'} />
      <News list={list} errands={errands} />
    </>
  );
}

/** What is chosen, and what for. */
function Selection(props: {
  ids: string[];
  onCompare: (ids: string[]) => void;
  onClear: () => void;
}): JSX.Element {
  const words = useWords();
  const { ids } = props;
  const enough = ids.length > 1;
  return (
    <div class="dlt-selection">
      <span class="dlt-selection-count" role="status">
        {words.list.selected(ids.length)}
      </span>
      <Button
        label={words.actions.compare}
        kind="primary"
        disabled={!enough}
        {...(enough ? {} : { title: words.list.selectMore })}
        onClick={() => props.onCompare(ids)}
      />
      <Button label={words.actions.clear} kind="quiet" onClick={props.onClear} />
    </div>
  );
}

/** Says aloud what changes: the answer to what was asked, and runs that begin, rest and end. */
function News({ list, errands }: { list: RunList; errands: Errands }): JSX.Element {
  const words = useWords();
  useChanges(errands);
  const { news } = list.view;
  return (
    <div class="dlt-hidden">
      <p role="status" aria-live="polite">
        {errands.newest}
      </p>
      <p role="status" aria-live="polite">
        {news === null ? '' : words.list.stateChanged(news.name, words.states[news.state])}
      </p>
    </div>
  );
}
