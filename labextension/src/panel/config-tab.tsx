import type { JSX } from 'preact';
import type { Snapshot } from '../contract';
import { clock } from '../model/format';
import { survivesKernel } from '../model/situation';
import { CopyButton } from './button';

const RESUME = {
  exact: 'exact: the same bits as if it had never stopped',
  replay: 'replay: the data are read again up to where it stopped',
  epoch: 'epoch: from the beginning of the epoch it stopped in'
};

/** What the run was told to do, and the facts about where it does it. */
export function ConfigTab({ snapshot: { run, config, now } }: { snapshot: Snapshot }): JSX.Element {
  const facts: [string, string][] = [
    ['Run', run.id],
    ['Framework', run.framework],
    ['Trainer', run.device === null ? run.executor : `${run.executor} on ${run.device}`],
    ['Created', clock(run.created_at, now)],
    ['Attempts', String(run.attempts)],
    ['Resumes', run.exact ? RESUME[run.resume] : `${run.resume}, no longer exact to the bit: see the log`],
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
