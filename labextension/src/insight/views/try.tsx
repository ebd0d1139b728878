import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { isAlive } from '../../model/situation';
import { Button, Empty } from '../../panel/button';
import { Choice } from '../../panel/chart-settings';
import { Icon } from '../../panel/icons';
import { useChanges } from '../../studio/hooks';
import { inLanguage } from '../../words/language';
import type { InsightProps } from '../contract';
import type { CheckpointName, Source } from '../model/asking';
import { type Desk, deskOf } from '../model/desk';
import { type Way, useInputKind, waysFor } from '../model/input-kind';
import { useTrial } from '../model/trial';
import { CheckpointChoice, available } from '../parts/checkpoint-choice';
import { DropTarget } from '../parts/drop-target';
import { TryDrawing } from '../parts/try-drawing';
import { TryExamples } from '../parts/try-examples';
import { TryFiles } from '../parts/try-files';
import { TryText } from '../parts/try-text';
import { TRIAL, type TrialWords } from '../words/trial';

/** What a checkpoint makes of examples it was not trained on, and of whatever a person brings along. */
export function TryView(props: InsightProps): JSX.Element {
  const { snapshot, language } = props;
  const said = inLanguage(TRIAL, language);
  if (snapshot.checkpoints.length > 0) {
    return <TryDesk {...props} said={said} />;
  }
  return isAlive(snapshot.run) ? (
    <Empty title={said.nothingTitle}>{said.nothing}</Empty>
  ) : (
    <Empty title={said.neverTitle}>{said.never}</Empty>
  );
}

function TryDesk({
  client,
  trying,
  snapshot,
  gone,
  language,
  said
}: InsightProps & { said: TrialWords }): JSX.Element {
  const desk = deskOf(client);
  useChanges(desk);
  const trial = useTrial(client, trying);
  const input = useInputKind(client, trial.result);
  useRequested(desk, trying);
  const ways = waysFor(input);
  const way = desk.way !== null && ways.includes(desk.way) ? desk.way : 'examples';
  const checkpoint = available(desk.checkpoint, snapshot);
  const ask = (where: Exclude<Way, 'examples'>, source: Source) => desk.ask(where, source, checkpoint, said);
  const askFiles = (files: File[]) => files.length > 0 && ask('files', { kind: 'files', files });
  const choose = (chosen: CheckpointName) => {
    desk.change({ checkpoint: chosen });
    if (way === 'examples') {
      trial.start(chosen, 0);
    }
    desk.again(way, chosen, said);
  };
  const common = { disabled: gone, language, heatmap: desk.heatmaps };
  const body: Record<Way, () => JSX.Element> = {
    examples: () => <TryExamples trial={trial} checkpoint={checkpoint} {...common} />,
    files: () => <TryFiles asking={desk.askings.files} onFiles={askFiles} {...common} />,
    draw: () => (
      <TryDrawing
        asking={desk.askings.draw}
        drawing={desk.drawing}
        pixels={input.pixels}
        onDraw={drawing => desk.change({ drawing })}
        onPicture={picture => ask('draw', { kind: 'drawing', picture })}
        onFiles={askFiles}
        {...common}
      />
    ),
    text: () => (
      <TryText
        asking={desk.askings.text}
        text={desk.text}
        input={input}
        onText={text => desk.change({ text })}
        onAsk={() => ask('text', { kind: 'text', text: desk.text })}
        {...common}
      />
    )
  };
  return (
    <DropTarget label={said.dropHere} disabled={gone} onFiles={askFiles}>
      <div class="dlt-try">
        <div class="dlt-settings">
          <Choice
            label={said.way}
            value={way}
            options={ways.map(name => [name, said.ways[name], false])}
            onChoose={chosen => desk.change({ way: chosen })}
          />
          <span class="dlt-spring" />
          <CheckpointChoice chosen={desk.checkpoint} snapshot={snapshot} words={said} onChoose={choose} />
          {way === 'examples' || input.kind === 'rows' ? null : (
            <Button
              label={said.heatmap}
              title={said.heatmapHint}
              kind="quiet"
              pressed={desk.heatmaps}
              onClick={() => {
                desk.change({ heatmaps: !desk.heatmaps });
                desk.again(way, checkpoint, said);
              }}
            />
          )}
        </div>
        {gone ? (
          <p class="dlt-error">
            <Icon name="unplug" />
            {said.gone}
          </p>
        ) : null}
        {body[way]()}
        <Told desk={desk} way={way} said={said} />
      </div>
    </DropTarget>
  );
}

/** Takes over which checkpoint was asked for outside of the view, once. */
function useRequested(desk: Desk, trying: InsightProps['trying']): void {
  useEffect(() => {
    if (trying !== null && trying.request !== desk.request) {
      desk.request = trying.request;
      desk.change({ way: 'examples', checkpoint: trying.checkpoint as CheckpointName });
    }
  }, [desk, trying]);
}

/** Says what was answered to who doesn't see it. */
function Told({ desk, way, said }: { desk: Desk; way: Way; said: TrialWords }): JSX.Element {
  const asking = way === 'examples' ? null : desk.askings[way];
  const first = asking?.outcomes[0];
  const text =
    asking === null || asking.busy || first === undefined || first.error !== null
      ? ''
      : asking.outcomes.length > 1
        ? said.toldMany(asking.outcomes.length)
        : said.told(first.prediction);
  return (
    <p class="dlt-hidden" role="status" aria-live="polite">
      {text}
    </p>
  );
}
