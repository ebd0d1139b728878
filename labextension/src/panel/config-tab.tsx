import type { JSX } from 'preact';
import type { Snapshot } from '../contract';
import { clock } from '../model/format';
import { survivesKernel } from '../model/situation';
import { CopyButton } from './button';

const RESUME = {
  exact: 'exactly where it stopped',
  replay: 'by replaying the epoch up to where it stopped',
  epoch: 'from the start of an epoch'
};

/** What the run was told to do, and the facts about where it does it. */
export function ConfigTab({ snapshot: { run, config, events, now } }: { snapshot: Snapshot }): JSX.Element {
  const reason =
    events.filter(event => event.kind === 'inexact').at(-1)?.message ?? 'No longer exact to the bit.';
  const facts: [string, string][] = [
    ['Run', run.id],
    ['Framework', run.framework],
    ['Trainer', run.device === null ? run.executor : `${run.executor} on ${run.device}`],
    ['Created', clock(run.created_at, now)],
    ['Attempts', String(run.attempts)],
    ['Resumes', run.exact ? RESUME[run.resume] : `${RESUME[run.resume]}. ${reason}`],
    ['When the kernel ends', survivesKernel(run) ? 'the training goes on' : 'the training ends with it'],
    ['Can be resumed in a new kernel', run.rebuildable ? 'yes' : 'no']
  ];
  return (
    <div class="dlt-config">
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div class="dlt-yaml">
        <CopyButton text={config} label="Copy" />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it. */}
        <pre tabIndex={0} role="region" aria-label="Configuration in YAML">
          {config.split('\n').map((line, i) => (
            <YamlLine key={i} line={line} />
          ))}
        </pre>
      </div>
    </div>
  );
}

/** A line with its key, its value and its comment told apart. */
function YamlLine({ line }: { line: string }): JSX.Element {
  const [, key = '', rest = line] = /^(\s*(?:- )?[\w.-]+:)(.*)$/.exec(line) ?? [];
  const [, value = rest, remark = ''] = /^(.*?)(\s#.*|^#.*)$/.exec(rest) ?? [];
  return (
    <>
      <span class="dlt-yaml-key">{key}</span>
      <span>{value}</span>
      <span class="dlt-muted">{remark}</span>
      {'\n'}
    </>
  );
}
