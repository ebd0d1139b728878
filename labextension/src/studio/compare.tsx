import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import '../styles/compare.css';
import type { Memory } from '../contract';
import { ComparedRuns } from '../model/compared-runs';
import { browserMemory } from '../model/memory';
import { Empty } from '../panel/button';
import { useWords } from '../words/words';
import { AddRun } from './add-run';
import { CompareCharts } from './compare-charts';
import { CompareSides } from './compare-sides';
import { CompareTable } from './compare-table';
import type { StudioClient, StudioHost } from './contract';
import { useChanges } from './hooks';
import { Legend, labelsOf } from './legend';
import { mountView } from './view';

export interface CompareOptions {
  memory?: Memory;
  /** Is told when a person adds or removes a run, so that the address or the tab can remember it. */
  onIds?: (ids: string[]) => void;
}

/**
 * Shows several runs on one chart a metric, and what differs between them, in a whole tab or page. Gives a function that
 * takes the view away again.
 */
export function mountCompare(
  element: HTMLElement,
  client: StudioClient,
  ids: string[],
  host: StudioHost,
  options: CompareOptions = {}
): () => void {
  const chosen = [...new Set(ids)];
  const runs = new ComparedRuns(client, chosen);
  const unmount = mountView(
    element,
    host.language,
    <Compare
      client={client}
      runs={runs}
      ids={chosen}
      host={host}
      memory={options.memory ?? browserMemory()}
      onIds={options.onIds}
    />
  );
  return () => {
    unmount();
    runs.close();
  };
}

interface CompareProps {
  client: StudioClient;
  runs: ComparedRuns;
  ids: string[];
  host: StudioHost;
  memory: Memory;
  onIds: CompareOptions['onIds'];
}

function Compare({ client, runs, ids: first, host, memory, onIds }: CompareProps): JSX.Element {
  const said = useWords().comparison;
  useChanges(runs);
  const { view } = runs;
  const [ids, setIds] = useState(first);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const choose = (chosen: string[]) => {
    setIds(chosen);
    runs.choose(chosen);
    onIds?.(chosen);
  };
  const toggle = (id: string) =>
    setHidden(new Set(hidden.has(id) ? [...hidden].filter(other => other !== id) : [...hidden, id]));
  const labels = useMemo(() => labelsOf(view), [view]);
  return (
    <section class="dlt-card dlt-compare" aria-label={said.title}>
      <header class="dlt-view-header">
        <h2>{said.title}</h2>
        <Legend runs={view} labels={labels} hidden={hidden} onToggle={toggle} />
        <AddRun client={client} taken={ids} onAdd={id => choose([...ids, id])} />
      </header>
      {view.length === 0 ? (
        <Empty title={said.emptyTitle}>{said.empty}</Empty>
      ) : (
        <>
          <CompareCharts runs={runs} view={view} labels={labels} hidden={hidden} memory={memory} />
          <CompareTable
            runs={view}
            labels={labels}
            onOpen={id => host.open(id)}
            onRemove={id => choose(ids.filter(other => other !== id))}
          />
          <CompareSides runs={runs} view={view} labels={labels} language={host.language} />
        </>
      )}
    </section>
  );
}
