import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { count, metric } from '../../model/format';
import { Empty } from '../../panel/button';
import type { InsightProps } from '../contract';
import type { Evaluation, Line, Summary } from '../model/answers';
import { type Evaluations, useEvaluations } from '../model/evaluations';
import { classLabel, overall } from '../model/scores';
import { EpochSlider } from '../parts/epoch-slider';
import { CalibrationChart, CurveChart, HistogramChart } from '../parts/score-charts';
import { ScoreTable } from '../parts/score-table';
import { Failure, Validated } from '../parts/states';
import { type EvaluationWords, evaluationWords } from '../words/evaluation';
import { Residuals } from './residuals';

/** What was measured of a validation: of the whole set, class by class, and as curves. */
export function MetricsView(props: InsightProps): JSX.Element {
  const words = evaluationWords(props.language);
  const evaluations = useEvaluations(props);
  return (
    <Validated evaluations={evaluations} snapshot={props.snapshot} words={words}>
      {() => <Metrics {...props} evaluations={evaluations} words={words} />}
    </Validated>
  );
}

function Metrics(props: InsightProps & { evaluations: Evaluations; words: EvaluationWords }): JSX.Element {
  const { client, evaluations, words } = props;
  const { epoch } = evaluations;
  const found = epoch === null ? undefined : evaluations.evaluation(epoch);
  const last = useRef<Evaluation | undefined>(undefined);
  last.current = found ?? last.current;
  useEffect(() => {
    if (epoch !== null) {
      evaluations.wantEvaluation(epoch);
    }
  }, [evaluations, epoch]);
  const shown = last.current;
  const summary = shown?.summary ?? null;
  return (
    <div class="dlt-metrics" aria-busy={found === undefined}>
      <div class="dlt-settings">
        <EpochSlider evaluations={evaluations} words={words} />
        <span class="dlt-muted" role="status">
          {found === undefined
            ? words.loading
            : summary === null
              ? ''
              : `${count(summary.count)} ${words.examplesAxis.toLowerCase()}`}
        </span>
      </div>
      {found === undefined && evaluations.error !== null ? (
        <Failure
          error={evaluations.error}
          words={words}
          onAgain={() => epoch !== null && evaluations.wantEvaluation(epoch)}
        />
      ) : summary === null || shown === undefined ? (
        found === undefined ? (
          <Empty title={words.loading}>{null}</Empty>
        ) : (
          <Empty title={words.noSummaryTitle}>{words.noSummary}</Empty>
        )
      ) : (
        <div class="dlt-metrics-body">
          <Overall summary={summary} words={words} />
          {summary.notes.length === 0 ? null : (
            <ul class="dlt-notes">
              {summary.notes.map(note => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          )}
          {summary.task === 'regression' ? (
            <Residuals
              client={client}
              epoch={shown.epoch ?? 0}
              summary={summary}
              hasExamples={shown.has_examples}
              words={words}
            />
          ) : (
            <Classes summary={summary} words={words} />
          )}
        </div>
      )}
    </div>
  );
}

export function Overall({ summary, words }: { summary: Summary; words: EvaluationWords }): JSX.Element {
  return (
    <dl class="dlt-overall" aria-label={words.metrics}>
      {overall(summary).map(({ name, group, value }) => (
        <div key={`${group} ${name}`} data-group={group}>
          <dt>
            {words.names[name] ?? name}
            {group === null ? null : <small> {words.names[group] ?? group}</small>}
          </dt>
          <dd>{metric(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Classes({ summary, words }: { summary: Summary; words: EvaluationWords }): JSX.Element {
  const { classes = [], roc, pr, calibration, iou } = summary;
  const keys = [...new Set([...Object.keys(roc ?? {}), ...Object.keys(pr ?? {})])];
  const [chosen, setChosen] = useState('macro');
  const key = keys.includes(chosen) ? chosen : (keys[0] ?? chosen);
  const name = key === 'macro' ? words.mean : classLabel(classes, key);
  return (
    <>
      {keys.length === 0 ? null : (
        <label class="dlt-select dlt-curve-choice">
          <span>{words.classOfCurves}</span>
          <select value={key} onChange={event => setChosen(event.currentTarget.value)}>
            {keys.map(one => (
              <option key={one} value={one}>
                {one === 'macro' ? words.mean : classLabel(classes, one)}
              </option>
            ))}
          </select>
        </label>
      )}
      <div class="dlt-planes">
        {some(roc) ? (
          <CurveChart
            title={words.roc}
            lines={roc}
            chosen={key}
            name={name}
            axes={[words.falsePositives, words.truePositives]}
            diagonal
            words={words}
          />
        ) : null}
        {some(pr) ? (
          <CurveChart
            title={words.pr}
            lines={pr}
            // There is no mean of these curves.
            chosen={pr[key] === undefined && key === 'macro' ? (Object.keys(pr)[0] ?? key) : key}
            name={
              pr[key] === undefined && key === 'macro' ? classLabel(classes, Object.keys(pr)[0] ?? key) : name
            }
            axes={[words.recallAxis, words.precisionAxis]}
            diagonal={false}
            words={words}
          />
        ) : null}
        {calibration === undefined ? null : <CalibrationChart calibration={calibration} words={words} />}
        {iou === undefined ? null : (
          <HistogramChart title={words.iouBins} bins={iou} axis={words.overlap} words={words} />
        )}
      </div>
      {classes.length === 0 ? null : (
        <section>
          <h4>{words.perClass}</h4>
          <ScoreTable classes={classes} chosen={key} words={words} onChoose={setChosen} />
        </section>
      )}
    </>
  );
}

function some(lines: Record<string, Line> | undefined): lines is Record<string, Line> {
  return lines !== undefined && Object.keys(lines).length > 0;
}
