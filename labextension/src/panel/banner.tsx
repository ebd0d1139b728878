import type { JSX } from 'preact';
import type { RunView } from '../model/run-model';
import type { RunModel } from '../model/run-model';
import type { Snapshot } from '../contract';
import { clock } from '../model/format';
import { doing, underWay } from '../model/pending';
import { type Situation, newest, situations } from '../model/situation';
import { Button, CopyButton } from './button';
import { Facts } from './facts';
import type { Frame } from './frame';
import { Icon } from './icons';

const ICONS = { info: 'info', warning: 'unplug', error: 'warning' } as const;

/** What is out of the ordinary: a sentence and the next action for each. */
export function Banners({
  model,
  view,
  snapshot,
  frame
}: {
  model: RunModel;
  view: RunView;
  snapshot: Snapshot;
  frame: Frame | undefined;
}): JSX.Element {
  const busy = underWay(view.pending, snapshot.controls).has('resume');
  return (
    <>
      {situations(snapshot, view.connection, frame?.away).map(situation => (
        <Banner
          key={situation.title}
          situation={situation}
          busy={busy}
          canResume={view.connection !== 'disconnected'}
          onResume={() => void model.steer('resume')}
        />
      ))}
      {snapshot.run.notices.map(text => (
        <div class="dlt-banner" data-tone="info" key={text}>
          <Icon name="info" />
          <p>{text}</p>
        </div>
      ))}
    </>
  );
}

function Banner(props: {
  situation: Situation;
  busy: boolean;
  canResume: boolean;
  onResume: () => void;
}): JSX.Element {
  const { tone, title, text, command, details, resume } = props.situation;
  return (
    <div class="dlt-banner" data-tone={tone}>
      <Icon name={ICONS[tone]} />
      <div>
        <p>
          <b>{title}</b> {text}
        </p>
        {command === undefined ? null : (
          <p class="dlt-command">
            <code>{command}</code>
            <CopyButton text={command} label="Copy" />
          </p>
        )}
        {details === undefined ? null : (
          <details open>
            <summary>Where it happened</summary>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it. */}
            <pre tabIndex={0}>{details}</pre>
          </details>
        )}
        {resume === true || details !== undefined ? (
          <p class="dlt-banner-actions">
            {resume === true ? (
              <Button
                icon="play"
                label="Resume"
                busyLabel={doing('resume')}
                busy={props.busy}
                disabled={!props.canResume}
                kind="primary"
                onClick={props.onResume}
              />
            ) : null}
            {details === undefined ? null : (
              <CopyButton text={`${title}\n\n${details}`} label="Copy traceback" />
            )}
          </p>
        ) : null}
      </div>
    </div>
  );
}

/** One line that always says the newest thing: what a control did, else what happened last. */
export function StatusLine({
  model,
  view,
  snapshot
}: {
  model: RunModel;
  view: RunView;
  snapshot: Snapshot;
}): JSX.Element {
  const { notice } = view;
  const asked = [...underWay(view.pending, snapshot.controls)].map(doing);
  const last = newest(snapshot);
  return (
    <div class="dlt-status">
      {asked.length > 0 ? (
        <span class="dlt-status-text" data-waiting="true">
          <Icon name="clock" />
          <span>{asked.join(' ')}</span>
        </span>
      ) : notice !== null ? (
        <span class="dlt-status-text" data-failed={notice.failed} role={notice.failed ? 'alert' : undefined}>
          <Icon name={notice.failed ? 'warning' : 'check'} />
          <span title={notice.text}>{notice.text}</span>
          {notice.failed ? (
            <Button icon="cross" label="Dismiss" kind="quiet" compact onClick={() => model.dismiss()} />
          ) : null}
        </span>
      ) : (
        <span class="dlt-status-text">
          {last.at === null ? null : <time dateTime={last.at}>{clock(last.at, snapshot.now)}</time>}
          <span title={last.text}>{last.text}</span>
        </span>
      )}
      <Facts snapshot={snapshot} />
      <span class="dlt-hidden" role="status" aria-live="polite">
        {asked.length > 0
          ? asked.join(' ')
          : notice === null || notice.failed
            ? `State of the run: ${snapshot.run.state}.`
            : notice.text}
      </span>
    </div>
  );
}
