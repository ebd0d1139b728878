import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Histograms } from '../../model/distributions';
import type { Analysis } from '../../model/layers';
import { Empty } from '../../panel/button';
import { Choice } from '../../panel/chart-settings';
import { inLanguage } from '../../words/language';
import type { InsightClient, InsightProps } from '../contract';
import { useReading } from '../model/reading';
import { HeatStrip } from '../parts/heat-strip';
import { LayerTable } from '../parts/layer-table';
import { Notes } from '../parts/notes';
import { Failure } from '../parts/states';
import { ANALYSIS, type AnalysisWords } from '../words/analysis';

/** What the model is made of, and how its values lay while it learnt. */
export function AnalysisView({ client, snapshot, language }: InsightProps): JSX.Element {
  const said = inLanguage(ANALYSIS, language);
  const validated = snapshot.epochs.epoch?.length ?? 0;
  // They are looked at as the first epoch closes.
  const version = Number(snapshot.progress.step > 0) + Math.min(2, validated);
  const read = useReading('layers', version, () => client.read('analysis') as Promise<Analysis | null>);
  return (
    <div class="dlt-analysis">
      <section aria-label={said.layers}>
        {read.error !== null ? (
          <Failure error={read.error} words={said} onAgain={read.again} />
        ) : read.busy ? (
          <Empty title={said.waiting}> </Empty>
        ) : read.value === null || read.value.layers.length === 0 ? (
          <Empty title={said.missingTitle}>{read.value?.notes[0] ?? said.missing}</Empty>
        ) : (
          <>
            <LayerTable analysis={read.value} words={said} />
            <Notes notes={read.value.notes} language={language} />
          </>
        )}
      </section>
      <Distributions client={client} validated={validated} said={said} />
    </div>
  );
}

type Names = Record<string, string[]>;

/** Histograms of one array at a time, by kind and name. */
function Distributions(props: {
  client: InsightClient;
  validated: number;
  said: AnalysisWords;
}): JSX.Element {
  const { client, validated, said } = props;
  const [wantedKind, setKind] = useState('weights');
  const [wantedNames, setNames] = useState<Record<string, string>>({});
  const names = useReading(
    'names',
    validated,
    () => client.read('histograms') as Promise<{ names: Names; note: string | null }>
  );
  const known = names.value?.names ?? {};
  const kinds = Object.keys(said.kinds).filter(kind => (known[kind]?.length ?? 0) > 0);
  const kind = kinds.includes(wantedKind) ? wantedKind : (kinds[0] ?? '');
  const choices = known[kind] ?? [];
  const wanted = wantedNames[kind];
  const name = wanted !== undefined && choices.includes(wanted) ? wanted : choices[0];
  return (
    <section class="dlt-distributions" aria-label={said.distributions}>
      <div class="dlt-settings">
        <h4>{said.distributions}</h4>
        <span class="dlt-spring" />
        {kinds.length === 0 ? null : (
          <>
            <Choice
              label={said.kind}
              value={kind}
              options={kinds.map(each => [each, said.kinds[each] ?? each, false])}
              onChoose={setKind}
            />
            <label class="dlt-select">
              <span class="dlt-hidden">{said.pick}</span>
              <select
                value={name}
                onChange={event => setNames({ ...wantedNames, [kind]: event.currentTarget.value })}
              >
                {choices.map(choice => (
                  <option key={choice} value={choice}>
                    {choice}
                  </option>
                ))}
              </select>
            </label>
          </>
        )}
      </div>
      {names.error !== null ? (
        <Failure error={names.error} words={said} onAgain={names.again} />
      ) : names.busy ? (
        <Empty title={said.waiting}> </Empty>
      ) : name === undefined ? (
        <Empty title={said.noHistogramsTitle}>{said.noHistograms}</Empty>
      ) : (
        <Strip {...{ client, kind, name, validated, said }} />
      )}
      {names.value?.note ? <p class="dlt-hint">{names.value.note}</p> : null}
    </section>
  );
}

function Strip(props: {
  client: InsightClient;
  kind: string;
  name: string;
  validated: number;
  said: AnalysisWords;
}): JSX.Element {
  const { client, kind, name, validated, said } = props;
  const read = useReading(
    `${kind} ${name}`,
    validated,
    () => client.read('histograms', { kind, name }) as Promise<Histograms>
  );
  return read.error !== null ? (
    <Failure error={read.error} words={said} onAgain={read.again} />
  ) : read.value === null ? (
    <div class="dlt-heat-room" />
  ) : (
    <>
      <HeatStrip histograms={read.value} what={said.kinds[kind] ?? kind} name={name} words={said} />
      <p class="dlt-hint">{said.hint}</p>
    </>
  );
}
