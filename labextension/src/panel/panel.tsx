import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { runColour, wrongColour } from '../charts/colours';
import type { Memory, Snapshot } from '../contract';
import type { InsightProps, InsightTab, LoadInsight } from '../insight/contract';
import type { RunModel, RunView } from '../model/run-model';
import { Banners, StatusLine } from './banner';
import { Empty } from './button';
import { CheckpointsTab } from './checkpoints-tab';
import { ConfigTab } from './config-tab';
import { CurvesTab } from './curves-tab';
import type { Frame } from './frame';
import { Header } from './header';
import { useChoice, useRun, useUniqueId } from './hooks';
import { InsightPlace } from './insight-tab';
import { LogTab } from './log-tab';
import { ProgressRow } from './progress';
import { type Tab, Tabs } from './tabs';

export type TabId = 'curves' | InsightTab | 'checkpoints' | 'config' | 'log';

const TABS: Tab<TabId>[] = [
  { id: 'curves', label: 'Curves' },
  { id: 'confusion', label: 'Confusion' },
  { id: 'metrics', label: 'Metrics' },
  { id: 'examples', label: 'Examples' },
  { id: 'try', label: 'Try' },
  { id: 'tests', label: 'Tests' },
  { id: 'compare', label: 'Compare' },
  { id: 'analysis', label: 'Analyse' },
  { id: 'checkpoints', label: 'Checkpoints' },
  { id: 'config', label: 'Config' },
  { id: 'log', label: 'Log' }
];

interface PanelProps {
  model: RunModel;
  memory: Memory;
  /** Loads the views that come in a script of their own; the same function at each rendering. */
  insight: LoadInsight;
  /** The tab it opens on; Curves unless told. */
  tab?: TabId | undefined;
  /** The view it stands in, where that is more than a notebook's cell; it doesn't fold there. */
  frame?: Frame | undefined;
}

/** A run: its header, which is useful alone, and what folds away below it. */
export function Panel(props: PanelProps): JSX.Element {
  const { model } = props;
  const view = useRun(model);
  return view.snapshot === null ? (
    <section class="dlt-card">
      <Empty title="Waiting for the run.">
        {view.connection === 'connected'
          ? 'The panel fills as soon as the kernel has sent its first picture of it.'
          : 'The kernel doesn’t answer. Run %load_ext dltrainer_jupyter and %dltrain panel in a new one.'}
      </Empty>
    </section>
  ) : (
    <Card {...props} view={view} snapshot={view.snapshot} />
  );
}

function Card(props: PanelProps & { view: RunView; snapshot: Snapshot }): JSX.Element {
  const { model, memory, view, snapshot, frame } = props;
  const [wasFolded, setFolded] = useChoice(memory, 'folded', false);
  const folded = wasFolded && frame === undefined;
  // Not remembered: every panel of the page shares the memory, and a choice in one is none in the others.
  const [tab, setTab] = useState<TabId>(props.tab ?? 'curves');
  const [trying, setTrying] = useState<InsightProps['trying']>(null);
  const id = useUniqueId();
  const gone = view.connection === 'disconnected';

  const tryOut = (checkpoint: string | number) => {
    setFolded(false);
    setTab('try');
    setTrying(before => ({ checkpoint, request: (before?.request ?? 0) + 1 }));
  };
  const insight = (shown: InsightTab) => () => (
    <InsightPlace
      load={props.insight}
      tab={shown}
      client={model.asking}
      memory={memory}
      snapshot={snapshot}
      gone={gone}
      language={frame?.language ?? 'en'}
      trying={trying}
      onTab={setTab}
    />
  );
  const body: Record<TabId, () => JSX.Element> = {
    curves: () => (
      <CurvesTab model={model} memory={memory} snapshot={snapshot} gone={gone} frame={frame} onTry={tryOut} />
    ),
    confusion: insight('confusion'),
    metrics: insight('metrics'),
    examples: insight('examples'),
    try: insight('try'),
    tests: insight('tests'),
    compare: insight('compare'),
    analysis: insight('analysis'),
    checkpoints: () => (
      <CheckpointsTab model={model} snapshot={snapshot} gone={gone} frame={frame} onTry={tryOut} />
    ),
    config: () => <ConfigTab snapshot={snapshot} />,
    log: () => <LogTab snapshot={snapshot} />
  };
  return (
    <section
      class="dlt-card"
      aria-label={`Run ${snapshot.run.name}`}
      data-connection={view.connection}
      style={{ '--dlt-run': runColour(snapshot.run.id), '--dlt-wrong': wrongColour(snapshot.run.id) }}
    >
      <Header
        model={model}
        view={view}
        snapshot={snapshot}
        folded={folded}
        bodyId={`${id}-body`}
        frame={frame}
        onFold={setFolded}
        onTry={() => tryOut('best')}
      />
      <ProgressRow snapshot={snapshot} />
      <StatusLine model={model} view={view} snapshot={snapshot} />
      <Banners model={model} view={view} snapshot={snapshot} frame={frame} />
      {frame?.aside}
      <div class="dlt-details" hidden={folded}>
        <Tabs tabs={TABS} selected={tab} prefix={id} label="Details of the run" onSelect={setTab} />
        <div class="dlt-body" id={`${id}-body`} role="tabpanel" aria-labelledby={`${id}-tab-${tab}`}>
          {folded ? null : body[tab]()}
        </div>
      </div>
    </section>
  );
}
