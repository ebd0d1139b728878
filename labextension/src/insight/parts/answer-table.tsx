import type { JSX } from 'preact';
import { csv } from '../../model/csv';
import { count, percent } from '../../model/format';
import { downloadColumns, guessText, likely } from '../../model/prediction';
import { Button } from '../../panel/button';
import { inLanguage } from '../../words/language';
import { save } from '../model/saving';
import type { Asking, Outcome } from '../model/asking';
import { TRIAL } from '../words/trial';
import { Facts } from './answer-card';
import { Notes } from './notes';
import { Overlaid } from './overlaid';

/** Lines that are drawn; the rest is in the download. */
const MOST_LINES = 200;

/** The answers to many inputs: a line each, with what the model saw. */
export function AnswerTable(props: { asking: Asking; heatmap: boolean; language: string }): JSX.Element {
  const { asking, heatmap } = props;
  const said = inLanguage(TRIAL, props.language);
  const { outcomes } = asking;
  const shown = outcomes.slice(0, MOST_LINES);
  const pictures = outcomes.some(({ thumbnail }) => thumbnail !== null);
  const classes = outcomes.some(({ top }) => top.length > 0);
  return (
    <div class="dlt-answers">
      <div class="dlt-settings">
        <span>{said.inputs(outcomes.length)}</span>
        <Facts asking={asking} said={said} />
        <span class="dlt-spring" />
        <Button icon="save" label={said.downloadCsv} kind="quiet" onClick={() => saveCsv(outcomes)} />
        <Button icon="save" label={said.downloadJson} kind="quiet" onClick={() => saveJson(asking)} />
      </div>
      <div
        class="dlt-scroll dlt-answers-scroll"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
        tabIndex={0}
        role="region"
        aria-label={said.inputs(outcomes.length)}
      >
        <table class="dlt-table">
          <thead>
            <tr>
              {pictures ? <td /> : null}
              <th scope="col" class="dlt-left">
                {said.name}
              </th>
              <th scope="col" class="dlt-left">
                {said.prediction}
              </th>
              {classes ? <th scope="col">{said.confidence}</th> : null}
              {classes ? (
                <th scope="col" class="dlt-left">
                  {said.others}
                </th>
              ) : null}
            </tr>
          </thead>
          <tbody>
            {shown.map((outcome, i) => (
              <Line key={i} outcome={outcome} {...{ pictures, classes, heatmap }} seen={said.seen} />
            ))}
          </tbody>
        </table>
      </div>
      {outcomes.length > MOST_LINES ? (
        <p class="dlt-hint">{said.more(outcomes.length - MOST_LINES)}</p>
      ) : null}
      <Notes notes={asking.notes} language={props.language} />
    </div>
  );
}

function Line(props: {
  outcome: Outcome;
  pictures: boolean;
  classes: boolean;
  heatmap: boolean;
  seen: (name: string) => string;
}): JSX.Element {
  const { name, prediction, top, thumbnail, heatmap, boxes, mask, error } = props.outcome;
  return (
    <tr data-failed={error !== null}>
      {props.pictures ? (
        <td class="dlt-answers-seen">
          {thumbnail === null ? null : (
            <Overlaid
              picture={thumbnail}
              heatmap={props.heatmap ? heatmap : null}
              boxes={boxes}
              mask={mask}
              label={props.seen(name)}
            />
          )}
        </td>
      ) : null}
      <th scope="row" class="dlt-left dlt-answers-name" title={name}>
        {name}
      </th>
      {error !== null ? (
        <td class="dlt-left dlt-answers-error" colSpan={props.classes ? 3 : 1}>
          {error}
        </td>
      ) : (
        <>
          <td class="dlt-left">
            <b>{prediction}</b>
          </td>
          {props.classes ? <Sure share={top[0]?.confidence ?? null} /> : null}
          {props.classes ? (
            <td class="dlt-left dlt-muted">{likely(top).slice(1, 3).map(guessText).join(', ')}</td>
          ) : null}
        </>
      )}
    </tr>
  );
}

function Sure({ share }: { share: number | null }): JSX.Element {
  return share === null ? (
    <td>–</td>
  ) : (
    <td>
      <span class="dlt-confidence">
        <span class="dlt-thin-bar dlt-confidence-bar" aria-hidden="true">
          <span style={{ transform: `scaleX(${share})` }} />
        </span>
        {percent(share, 1)}
      </span>
    </td>
  );
}

function saveCsv(outcomes: Outcome[]): void {
  const guesses = Math.max(0, ...outcomes.map(({ top }) => top.length));
  const { columns, lines } = downloadColumns(outcomes, guesses);
  const whole = lines.map((line, i) => [...line, outcomes[i]?.error ?? '']);
  save(`predictions-${count(outcomes.length)}.csv`, 'text/csv', csv([...columns, 'error'], whole));
}

function saveJson({ outcomes, answer, latency, notes }: Asking): void {
  const predictions = outcomes.map(({ name, prediction, top, error }) => ({ name, prediction, top, error }));
  const text = JSON.stringify(
    { checkpoint: answer?.checkpoint, digest: answer?.digest, latency_ms: latency, notes, predictions },
    null,
    2
  );
  save(`predictions-${count(outcomes.length)}.json`, 'application/json', text);
}
