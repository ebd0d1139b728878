import type { JSX } from 'preact';
import type { Snapshot } from '../contract';
import { count, done, duration, metric, timeLeft } from '../model/format';
import { isMoving } from '../model/situation';
import { Icon } from './icons';

/** An epoch must last so long for a bar of its own to be calm. */
const SLOW_EPOCH_SECONDS = 3;

/** How far, how good, how long yet: the answer at one glance. */
export function ProgressRow({ snapshot }: { snapshot: Snapshot }): JSX.Element {
  const { progress, best, run } = snapshot;
  const share = done(progress.fraction);
  return (
    <div class="dlt-progress" data-state={run.state}>
      <span class="dlt-epoch">
        Epoch <b>{count(progress.epoch)}</b> / {count(progress.epochs)}
      </span>
      <span
        class="dlt-bar"
        role="progressbar"
        aria-label="Training progress"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.floor(progress.fraction * 100)}
        aria-valuetext={`${share}, epoch ${progress.epoch} of ${progress.epochs}`}
      >
        <span style={{ transform: `scaleX(${clamp(progress.fraction)})` }} />
        {epochIsSlow(snapshot) ? (
          <span class="dlt-bar-epoch" style={{ transform: `scaleX(${clamp(progress.epoch_fraction)})` }} />
        ) : null}
      </span>
      <b class="dlt-percent">{share}</b>
      <span class="dlt-best">
        {best === null ? null : (
          <>
            <Icon name="star" />
            <span class="dlt-best-metric" title={`best ${best.metric}`}>
              best {best.metric}
            </span>
            <b>{metric(best.value)}</b>
            <span class="dlt-muted">epoch {count(best.epoch)}</span>
          </>
        )}
      </span>
      <Time snapshot={snapshot} />
    </div>
  );
}

function Time({ snapshot }: { snapshot: Snapshot }): JSX.Element {
  const { progress } = snapshot;
  if (isMoving(snapshot)) {
    return (
      <span class="dlt-time">
        {progress.seconds_left === null ? (
          <span class="dlt-muted">estimating…</span>
        ) : (
          <>
            <b>{timeLeft(progress.seconds_left)}</b> left
          </>
        )}
      </span>
    );
  }
  return (
    <span class="dlt-time">
      {progress.step === 0 ? null : (
        <>
          trained <b>{duration(progress.train_seconds)}</b>
        </>
      )}
    </span>
  );
}

function epochIsSlow(snapshot: Snapshot): boolean {
  const { steps_per_epoch: steps, steps_per_second: rate } = snapshot.progress;
  return isMoving(snapshot) && steps !== null && rate !== null && steps / rate > SLOW_EPOCH_SECONDS;
}

function clamp(fraction: number): number {
  return Math.min(1, Math.max(0, fraction));
}
