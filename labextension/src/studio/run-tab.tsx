import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import '../styles/run-tab.css';
import type { Connection, Memory, Snapshot } from '../contract';
import { browserMemory } from '../model/memory';
import { RunModel, message } from '../model/run-model';
import type { Situation } from '../model/situation';
import { Ask, Button } from '../panel/button';
import type { Extra, Frame } from '../panel/frame';
import { useRun } from '../panel/hooks';
import { Panel, type TabId } from '../panel/panel';
import { hasEnded, whyMissing } from '../model/ended';
import { type Words, useWords } from '../words/words';
import { CloneEditor } from './clone-editor';
import type { StudioClient, StudioHost } from './contract';
import { LiveSettings } from './live-settings';
import { TrainLonger } from './train-longer';
import { UnknownRun } from './unknown-run';
import { Blank, mountView } from './view';

export interface RunTabOptions {
  memory?: Memory;
  /** The tab it opens on; Curves unless told. */
  tab?: TabId;
}

/**
 * Shows a run in a whole tab or page: its panel, and what there is room for besides. Gives a function that takes the
 * view away again.
 */
export function mountRun(
  element: HTMLElement,
  client: StudioClient,
  id: string,
  host: StudioHost,
  options: RunTabOptions = {}
): () => void {
  const served = client.run(id);
  const model = new RunModel(served);
  const unmount = mountView(
    element,
    host.language,
    <RunTab
      client={client}
      model={model}
      id={id}
      host={host}
      memory={options.memory ?? browserMemory()}
      tab={options.tab}
    />
  );
  return () => {
    unmount();
    model.close();
    served.close();
  };
}

interface RunTabProps {
  client: StudioClient;
  model: RunModel;
  id: string;
  host: StudioHost;
  memory: Memory;
  tab: TabId | undefined;
}

function RunTab(props: RunTabProps): JSX.Element {
  const { client, model, id, host } = props;
  const words = useWords();
  const view = useRun(model);
  const [deleted, setDeleted] = useState(false);
  const [cloning, setCloning] = useState<number | null>(null);
  const [changing, setChanging] = useState(false);
  const { snapshot } = view;
  const ended = hasEnded(client, view.connection);
  const unknown = useUnknown(model, ended && snapshot === null);
  useEffect(() => client.onRows((_rows, gone) => gone.includes(id) && setDeleted(true)), [client, id]);

  if (deleted || (ended && snapshot !== null)) {
    return (
      <Blank title={words.run.deletedTitle}>
        <p>{words.run.deleted}</p>
        {snapshot === null ? null : (
          <Button label={words.run.again} onClick={() => host.create(snapshot.config)} />
        )}
      </Blank>
    );
  }
  if (snapshot === null) {
    const cut = view.connection === 'disconnected' && !ended;
    return unknown === null ? (
      <Blank title={cut ? words.connection.lost : words.run.waiting}>
        <p>{cut ? words.connection.retrying : words.run.waitingHint}</p>
      </Blank>
    ) : (
      <UnknownRun client={client} host={host} reason={unknown} />
    );
  }
  const frame: Frame = {
    extras: [
      {
        icon: 'rate',
        label: words.live.open,
        disabled: !snapshot.allowed.includes('set') || view.connection === 'disconnected',
        onPick: () => setChanging(true)
      },
      ...extras(props, snapshot, view.connection, words, () => setDeleted(true))
    ],
    edit: { label: words.run.changeSettings, onPick: setCloning },
    away: connection => away(connection, words),
    unreachable: words.run.unreachable,
    language: host.language,
    tracking: words.tracking,
    aside: (
      <>
        {changing && snapshot.allowed.includes('set') ? (
          <LiveSettings model={model} settings={snapshot.settings} onDone={() => setChanging(false)} />
        ) : null}
        {/* What is written stays when a live run drops the checkpoint: whoever starts it is told then. */}
        {cloning === null ? null : (
          <CloneEditor
            key={cloning}
            client={client}
            host={host}
            snapshot={snapshot}
            step={cloning}
            onDone={() => setCloning(null)}
          />
        )}
      </>
    )
  };
  return <Panel model={model} memory={props.memory} insight={insight} tab={props.tab} frame={frame} />;
}

/** Loaded when it is first looked at. */
const insight = () => import('../insight/mount');

/** Why the server shows nothing of a run; `null` where it isn't known to have none. */
function useUnknown(model: RunModel, missing: boolean): string | null {
  const [reason, setReason] = useState<string | null>(null);
  useEffect(() => {
    if (!missing) {
      return undefined;
    }
    let over = false;
    void whyMissing(model).then(why => !over && setReason(why));
    return () => {
      over = true;
      setReason(null);
    };
  }, [model, missing]);
  return reason;
}

function away(connection: Connection, { connection: said }: Words): Situation | null {
  const situations = {
    connected: null,
    silent: { tone: 'info', title: said.silent, text: said.silentHint },
    disconnected: { tone: 'warning', title: said.lost, text: said.retrying }
  } as const;
  return situations[connection];
}

/** What the menu has besides what a notebook's panel has. */
function extras(
  { client, model, id, host }: RunTabProps,
  snapshot: Snapshot,
  connection: Connection,
  { run: said, verbs }: Words,
  onDeleted: () => void
): Extra[] {
  const gone = connection === 'disconnected';
  const { run, allowed, progress, config } = snapshot;
  const completed = run.state === 'completed';
  const ended = allowed.includes('delete');
  const { insertCode } = host;
  const remove = () =>
    client
      .act(id, 'delete')
      .then(onDeleted)
      .catch((error: unknown) => model.tell(message(error), true));
  return [
    ...(ended
      ? [
          {
            icon: 'play' as const,
            label: said.extend,
            disabled: gone,
            prominent: completed,
            form: (done: () => void) => (
              <TrainLonger
                epochs={progress.epochs}
                onAnswer={epochs => {
                  done();
                  if (epochs !== null) {
                    void model.steer('resume', { epochs });
                  }
                }}
              />
            )
          }
        ]
      : []),
    {
      icon: 'clone',
      label: said.newWithSettings,
      onPick: () => host.create(config)
    },
    ...(insertCode === undefined
      ? []
      : [{ icon: 'copy' as const, label: said.insertCode, onPick: () => insertCode(id) }]),
    {
      icon: 'cross',
      label: verbs.delete,
      disabled: gone || !ended,
      ...(host.confirmDelete === false
        ? { onPick: () => void remove() }
        : {
            form: (done: () => void) => (
              <Ask
                question={said.askDelete(run.name)}
                yes={said.delete}
                no={said.keep}
                onAnswer={yes => {
                  done();
                  if (yes) {
                    void remove();
                  }
                }}
              />
            )
          })
    }
  ];
}
