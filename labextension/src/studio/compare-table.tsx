import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Snapshot } from '../contract';
import type { ComparedRun } from '../model/compared-runs';
import { leaders } from '../model/comparison';
import { count, metric } from '../model/format';
import { differences, parseSettings } from '../model/yaml';
import { Button } from '../panel/button';
import { Icon } from '../panel/icons';
import { useWords } from '../words/words';
import { RunSwatch } from './legend';

/** The runs one below the other: how they are, how good, and the settings in which they differ. */
export function CompareTable(props: {
  runs: ComparedRun[];
  labels: Map<string, string>;
  onOpen: (id: string) => void;
  onRemove: (id: string) => void;
}): JSX.Element {
  const { runs, labels } = props;
  const { comparison: said, states } = useWords();
  const configs = runs.map(({ snapshot }) => snapshot?.config ?? '').join('\0');
  const different = useMemo(
    // The name stands in front already.
    () => differences(configs.split('\0').map(parseSettings)).filter(({ key }) => key !== 'name'),
    [configs]
  );
  const known = runs.flatMap(({ snapshot }) => (snapshot === null ? [] : [snapshot]));
  const leading = leaders(known);
  const metrics = new Set(known.map(({ best }) => best?.metric));
  return (
    <div class="dlt-compare-table">
      {known.length > 1 ? (
        <p class="dlt-muted">{different.length === 0 ? said.sameSettings : said.differences}</p>
      ) : null}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it. */}
      <div class="dlt-scroll" tabIndex={0} role="region" aria-label={said.table}>
        <table class="dlt-table">
          <thead>
            <tr>
              <th scope="col" class="dlt-left">
                {said.run}
              </th>
              <th scope="col" class="dlt-left">
                {said.state}
              </th>
              <th scope="col">{said.best}</th>
              <th scope="col">{said.epochs}</th>
              {different.map(({ key }) => (
                <th scope="col" key={key} class="dlt-setting">
                  {key}
                </th>
              ))}
              <td />
            </tr>
          </thead>
          <tbody>
            {runs.map(({ id, colour, snapshot, missing }, i) => (
              <tr key={id}>
                <th scope="row" class="dlt-left">
                  <RunSwatch colour={colour} />
                  <button type="button" class="dlt-link" onClick={() => props.onOpen(id)}>
                    {labels.get(id) ?? id}
                  </button>
                </th>
                <td class="dlt-left">
                  {missing !== null ? (
                    <span class="dlt-missing" title={missing}>
                      {said.missing}
                    </span>
                  ) : snapshot === null ? (
                    <span class="dlt-muted">{said.waiting}</span>
                  ) : (
                    <span class="dlt-state-word" data-state={snapshot.run.state}>
                      {states[snapshot.run.state]}
                    </span>
                  )}
                </td>
                <td>
                  <Best
                    snapshot={snapshot}
                    colour={colour.css}
                    leads={leading.has(id)}
                    named={metrics.size > 1}
                  />
                </td>
                <td>{snapshot === null ? '–' : epochsOf(snapshot)}</td>
                {different.map(({ key, values }) => (
                  <td key={key} class="dlt-setting">
                    {snapshot === null ? '–' : (values[i] ?? <Unset setting={key} />)}
                  </td>
                ))}
                <td>
                  <Button
                    icon="cross"
                    label={said.remove(labels.get(id) ?? id)}
                    kind="quiet"
                    compact
                    onClick={() => props.onRemove(id)}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** A part's own setting may mean nothing to another part; any other is at what it is by default. */
function Unset({ setting }: { setting: string }): JSX.Element {
  const said = useWords().comparison;
  return <span class="dlt-muted">{setting.includes('.') ? '–' : said.byDefault}</span>;
}

function Best(props: {
  snapshot: Snapshot | null;
  colour: string;
  leads: boolean;
  named: boolean;
}): JSX.Element {
  const best = props.snapshot?.best ?? null;
  return best === null ? (
    <>–</>
  ) : (
    <span
      class="dlt-best-value"
      data-leads={props.leads}
      title={best.metric}
      style={{ '--dlt-run': props.colour }}
    >
      {props.leads ? <Icon name="star" /> : null}
      {metric(best.value)}
      {props.named ? <span class="dlt-muted"> {best.metric}</span> : null}
    </span>
  );
}

function epochsOf({ progress }: Snapshot): string {
  return progress.epoch === progress.epochs
    ? count(progress.epochs)
    : `${count(progress.epoch)} / ${count(progress.epochs)}`;
}
