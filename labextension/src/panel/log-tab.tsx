import type { JSX } from 'preact';
import type { Control, RunEvent, Snapshot } from '../contract';
import { clock, count } from '../model/format';
import { doing, outcome } from '../model/pending';
import { Empty } from './button';
import { Icon, type IconName } from './icons';

interface Entry {
  key: string;
  at: string;
  step: number | null;
  icon: IconName;
  tone: 'plain' | 'error' | 'waiting';
  text: string;
  detail: string | null;
}

const CONTROL_ICONS: Record<string, IconName> = {
  pause: 'pause',
  resume: 'play',
  suspend: 'moon',
  stop: 'stop',
  checkpoint: 'save',
  set: 'rate'
};

/** What happened and who asked for what, newest first. */
export function LogTab({ snapshot: { events, controls, now } }: { snapshot: Snapshot }): JSX.Element {
  const entries = [...controls.map(fromControl), ...events.map(fromEvent)].sort(
    (a, b) => Date.parse(b.at) - Date.parse(a.at)
  );
  if (entries.length === 0) {
    return <Empty title="No requests yet.">Pauses, stops and changed settings are listed here.</Empty>;
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
    <ol class="dlt-log" tabIndex={0} aria-label="Events and controls, newest first">
      {entries.map(({ key, at, step, icon, tone, text, detail }) => (
        <li key={key} data-tone={tone}>
          <time dateTime={at}>{clock(at, now)}</time>
          <span class="dlt-log-step">{step === null ? '' : `step ${count(step)}`}</span>
          <Icon name={icon} />
          <span class="dlt-log-text">
            {text}
            {detail === null ? null : <span class="dlt-muted"> {detail}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}

function fromControl(control: Control): Entry {
  const open = control.status === 'requested';
  const settings = Object.entries(control.arguments).map(([name, value]) => `${name}=${String(value)}`);
  return {
    key: `control ${control.id}`,
    at: control.requested_at,
    step: control.step,
    icon: control.status === 'refused' ? 'cross' : (CONTROL_ICONS[control.kind] ?? 'info'),
    tone: control.status === 'refused' ? 'error' : open ? 'waiting' : 'plain',
    text: open ? (control.note ?? doing(control.kind)) : outcome(control),
    detail: `${[control.kind, ...settings].join(' ')}, asked by ${control.requested_by}`
  };
}

function fromEvent({ at, kind, message, step }: RunEvent): Entry {
  const bad = /fail|error|lost|refus|nan|finite/.test(kind);
  return {
    key: `event ${at} ${kind} ${message}`,
    at,
    step,
    icon: bad ? 'warning' : kind.includes('checkpoint') ? 'save' : 'info',
    tone: bad ? 'error' : 'plain',
    text: message,
    detail: null
  };
}
