import type { JSX } from 'preact';
import { inLanguage } from '../../words/language';
import type { Asking } from '../model/asking';
import { milliseconds, shortDigest } from '../../model/prediction';
import { TRIAL, type TrialWords } from '../words/trial';
import { Icon } from '../../panel/icons';
import { evaluationWords } from '../words/evaluation';
import { ClassLegend } from './class-legend';
import { Guesses } from './guesses';
import { Notes } from './notes';
import { Overlaid } from './overlaid';

/** The answer to one input, large: what the model saw, what it takes it for, and which weights said so. */
export function AnswerCard({
  asking,
  heatmap,
  language
}: {
  asking: Asking;
  heatmap: boolean;
  language: string;
}): JSX.Element {
  const said = inLanguage(TRIAL, language);
  const { outcomes, answer, error, busy } = asking;
  const first = outcomes[0];
  // A list of what was found, where others have a class.
  const layered = first !== undefined && (first.boxes !== null || first.mask !== null);
  const failure = error ?? first?.error ?? null;
  return (
    <div class="dlt-answer" aria-busy={busy}>
      {failure !== null ? (
        <p class="dlt-error" role="alert">
          <Icon name="warning" />
          {failure}
        </p>
      ) : first === undefined || answer === null ? (
        <p class="dlt-muted">
          {busy ? said.working : said.waiting}
          {busy ? <br /> : null}
          {busy ? said.firstTime : null}
        </p>
      ) : (
        <>
          <div class="dlt-answer-body" data-layers={layered}>
            {first.thumbnail === null ? null : (
              <figure>
                <Overlaid
                  picture={first.thumbnail}
                  heatmap={heatmap ? first.heatmap : null}
                  boxes={first.boxes}
                  mask={first.mask}
                  label={said.seen(first.name)}
                />
                <figcaption>{said.asSeen}</figcaption>
              </figure>
            )}
            <div class="dlt-answer-said">
              <p class="dlt-answer-word">
                <span class="dlt-hidden">{said.prediction}: </span>
                {first.prediction}
              </p>
              {layered ? (
                <ClassLegend
                  labels={answer.labels ?? []}
                  masked={first.mask !== null}
                  label={evaluationWords(language).legend}
                />
              ) : null}
              {first.top.length > 0 ? <Guesses top={first.top} label={said.confidence} /> : null}
            </div>
          </div>
          <Facts asking={asking} said={said} />
          <Notes notes={asking.notes} language={language} />
        </>
      )}
    </div>
  );
}

/** Which weights answered, and how fast. */
export function Facts({ asking, said }: { asking: Asking; said: TrialWords }): JSX.Element | null {
  const { answer, latency } = asking;
  return answer === null ? null : (
    <p class="dlt-answer-facts">
      <span>{said.facts(answer.checkpoint.step, answer.checkpoint.epoch)}</span>
      {answer.digest ? <span title={answer.digest}>{said.weights(shortDigest(answer.digest))}</span> : null}
      <span>{milliseconds(latency)}</span>
    </p>
  );
}
