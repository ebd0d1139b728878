import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Snapshot } from '../contract';
import { clock, count, metric, size } from '../model/format';
import type { RunModel } from '../model/run-model';
import { isAlive } from '../model/situation';
import { Ask, Button, Empty } from './button';
import type { Frame } from './frame';
import { Icon } from './icons';

interface CheckpointsTabProps {
  model: RunModel;
  snapshot: Snapshot;
  gone: boolean;
  frame?: Frame | undefined;
  onTry: (step: number) => void;
}

/** Every checkpoint that is kept, newest first. */
export function CheckpointsTab({ model, snapshot, gone, frame, onTry }: CheckpointsTabProps): JSX.Element {
  const { checkpoints, monitor, now } = snapshot;
  if (checkpoints.length === 0) {
    return isAlive(snapshot.run) ? (
      <Empty title="No checkpoint yet.">
        The first one is written after the first epoch; the Checkpoint button writes one now.
      </Empty>
    ) : (
      <Empty title="No checkpoint.">The run ended before one was written.</Empty>
    );
  }
  const names = [...new Set(checkpoints.flatMap(({ metrics }) => Object.keys(metrics)))].sort(
    (a, b) => Number(b === monitor) - Number(a === monitor)
  );
  return (
    <div class="dlt-scroll">
      <table class="dlt-table">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Epoch</th>
            <th scope="col" class="dlt-left">
              Kept as
            </th>
            {names.map(name => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
            <th scope="col">Size</th>
            <th scope="col">Written</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {[...checkpoints]
            .sort((a, b) => b.step - a.step)
            .map(({ step, epoch, kinds, metrics, bytes, created_at, digest }) => (
              <tr key={step}>
                <th scope="row" title={digest}>
                  {count(step)}
                </th>
                <td>{count(epoch)}</td>
                <td class="dlt-left">
                  {kinds.map(kind => (
                    <span class="dlt-tag" key={kind} data-kind={kind}>
                      {kind === 'best' ? <Icon name="star" /> : null}
                      {kind}
                    </span>
                  ))}
                </td>
                {names.map(name => (
                  <td key={name}>{metric(metrics[name])}</td>
                ))}
                <td>{size(bytes)}</td>
                <td>
                  <time dateTime={created_at}>{clock(created_at, now)}</time>
                </td>
                <td>
                  <span class="dlt-row-actions">
                    <Button label="Try" kind="quiet" disabled={gone} onClick={() => onTry(step)} />
                    <CloneButton model={model} step={step} gone={gone} frame={frame} />
                  </span>
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

/** Starts a new run from a checkpoint, once it was asked whether that is meant. */
export function CloneButton({
  model,
  step,
  gone,
  frame
}: {
  model: RunModel;
  step: number;
  gone: boolean;
  frame: Frame | undefined;
}): JSX.Element {
  const [asking, setAsking] = useState(false);
  return asking ? (
    <Ask
      question={`New run from step ${count(step)}?`}
      yes="Start it"
      no="Cancel"
      kind="primary"
      other={frame === undefined ? undefined : { ...frame.edit, onPick: () => frame.edit.onPick(step) }}
      onAnswer={yes => {
        setAsking(false);
        if (yes) {
          void model.steer('clone', { step });
        }
      }}
    />
  ) : (
    <Button
      icon="clone"
      label="Clone"
      kind="quiet"
      disabled={gone}
      title="Start a new run from here"
      onClick={() => setAsking(true)}
    />
  );
}
