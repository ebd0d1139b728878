import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RunState, Snapshot } from '../contract';
import { doing, underWay } from '../model/pending';
import type { RunModel, RunView } from '../model/run-model';
import { canGoOnAfterFailure, hasBest } from '../model/situation';
import { Ask, Button } from './button';
import { copyOf } from './copying';
import { Facts } from './facts';
import type { Form, Frame } from './frame';
import { Icon, type IconName } from './icons';
import { LearningRate } from './learning-rate';
import { Menu, type MenuItem } from './menu';
import { Trackers } from './trackers';

/** How a state is called and shown. */
export const STATE: Record<RunState, { word: string; icon: IconName | null }> = {
  pending: { word: 'Pending', icon: 'clock' },
  running: { word: 'Running', icon: null },
  paused: { word: 'Paused', icon: 'pause' },
  suspended: { word: 'Suspended', icon: 'moon' },
  completed: { word: 'Completed', icon: 'check' },
  stopped: { word: 'Stopped', icon: 'stop' },
  failed: { word: 'Failed', icon: 'cross' },
  lost: { word: 'Lost', icon: 'warning' }
};

interface HeaderProps {
  model: RunModel;
  view: RunView;
  snapshot: Snapshot;
  folded: boolean;
  bodyId: string;
  frame: Frame | undefined;
  onFold: (folded: boolean) => void;
  onTry: () => void;
}

/** What stands in place of the buttons until it is answered. */
type Question = 'stop' | 'rate' | Form;

/** Which run, how it is, and what can be done about it. */
export function Header(props: HeaderProps): JSX.Element {
  const { model, snapshot, folded } = props;
  const { run } = snapshot;
  const [asking, setAsking] = useState<Question | null>(null);
  const root = useRef<HTMLElement>(null);
  const wasAsking = useRef(false);
  useLayoutEffect(() => {
    // The question took the focus; it goes back to where the buttons are.
    if (wasAsking.current && asking === null) {
      root.current?.querySelector<HTMLElement>('.dlt-actions button')?.focus();
    }
    wasAsking.current = asking !== null;
  }, [asking]);
  const { word, icon } = STATE[run.state];
  const toggle = folded ? 'Show the details' : 'Fold to this header';
  return (
    <header class="dlt-header" ref={root}>
      {props.frame === undefined ? (
        <button
          type="button"
          class="dlt-fold"
          aria-expanded={!folded}
          aria-controls={props.bodyId}
          aria-label={toggle}
          title={toggle}
          onClick={() => props.onFold(!folded)}
        >
          <Icon name={folded ? 'right' : 'down'} />
        </button>
      ) : null}
      <div class="dlt-title">
        <h3 class="dlt-name" title={run.name}>
          {run.name}
        </h3>
        <span class="dlt-state" data-state={run.state}>
          <span class="dlt-dot" aria-hidden="true">
            {icon === null ? null : <Icon name={icon} />}
          </span>
          {word}
        </span>
        <Facts snapshot={snapshot} />
      </div>
      <Trackers model={model} snapshot={snapshot} words={props.frame?.tracking} />
      {asking === 'stop' ? (
        <Ask
          question="Stop here? A checkpoint is written first."
          yes="Stop"
          no="Keep training"
          onAnswer={yes => {
            setAsking(null);
            if (yes) {
              void model.steer('stop');
            }
          }}
        />
      ) : asking === 'rate' ? (
        <LearningRate
          model={model}
          present={snapshot.progress.learning_rate}
          onDone={() => setAsking(null)}
        />
      ) : asking === null ? (
        // As a function, a state would be taken for the way to a new one.
        <Actions {...props} onAsk={question => setAsking(() => question)} />
      ) : (
        asking(() => setAsking(null))
      )}
    </header>
  );
}

function Actions(props: HeaderProps & { onAsk: (question: Question) => void }): JSX.Element {
  const { model, view, snapshot, frame } = props;
  const { run } = snapshot;
  const extras = (frame?.extras ?? []).map(extra => ({
    ...extra,
    onPick: () => ('form' in extra ? props.onAsk(extra.form) : extra.onPick())
  }));
  const away = frame?.unreachable ?? 'The kernel is gone';
  const best = hasBest(snapshot);
  const busy = underWay(view.pending, snapshot.controls);
  const gone = view.connection === 'disconnected';
  const may = (verb: string) => snapshot.allowed.includes(verb) && !gone;
  const training = run.state === 'running' || run.state === 'pending';
  const live = training || run.state === 'paused';
  // After a failure the banner that explains it offers to go on, or the menu where there is little to keep.
  const explained = run.state === 'failed' || run.state === 'lost';
  const resumable = run.state === 'paused' || (snapshot.allowed.includes('resume') && !explained);
  const why = gone ? { title: away } : {};
  const resumeAnyway = run.state === 'failed' && !canGoOnAfterFailure(snapshot);
  const menu: MenuItem[] = [
    ...(resumeAnyway
      ? [
          {
            icon: 'play' as const,
            label: 'Resume',
            disabled: !may('resume'),
            onPick: () => void model.steer('resume')
          }
        ]
      : []),
    { icon: 'moon', label: 'Suspend', disabled: !may('suspend'), onPick: () => void model.steer('suspend') },
    { icon: 'rate', label: 'Set learning rate…', disabled: !may('set'), onPick: () => props.onAsk('rate') },
    {
      icon: 'copy',
      label: 'Copy run id',
      onPick: () => void copyOf(model, run.id, `The run’s id is ${run.id}.`)
    },
    ...extras
  ];
  const button = (verb: 'pause' | 'resume' | 'checkpoint', icon: IconName, label: string) => (
    <Button
      // Pause and Resume are one button to the keyboard: the focus stays on it.
      key={verb === 'checkpoint' ? verb : 'toggle'}
      icon={icon}
      label={label}
      busyLabel={doing(verb)}
      busy={busy.has(verb)}
      disabled={!may(verb)}
      onClick={() => void model.steer(verb)}
      {...why}
    />
  );
  return (
    <div class="dlt-actions" role="group" aria-label="Steer the run">
      {training ? button('pause', 'pause', 'Pause') : resumable ? button('resume', 'play', 'Resume') : null}
      {live ? (
        <Button
          icon="stop"
          label="Stop"
          busyLabel={busy.has('suspend') ? doing('suspend') : doing('stop')}
          busy={busy.has('stop') || busy.has('suspend')}
          disabled={!may('stop')}
          onClick={() => props.onAsk('stop')}
          {...why}
        />
      ) : null}
      {live ? button('checkpoint', 'save', 'Checkpoint') : null}
      <Button
        icon="star"
        label="Try best"
        disabled={!best || gone}
        title={
          gone ? away : best ? 'Predict with the best checkpoint' : `No best checkpoint${live ? ' yet' : ''}`
        }
        onClick={props.onTry}
      />
      {extras.map(({ icon, label, disabled = false, prominent, onPick }) =>
        prominent === true ? (
          <Button key={label} icon={icon} label={label} disabled={disabled} onClick={onPick} />
        ) : null
      )}
      <Menu label="More" items={menu} />
    </div>
  );
}
