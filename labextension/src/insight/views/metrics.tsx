import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { count } from '../../model/format';
import { Empty } from '../../panel/button';
import type { InsightProps } from '../contract';
import type { Evaluation } from '../model/answers';
import { type Evaluations, useEvaluations } from '../model/evaluations';
import { headline } from '../model/scores';
import { ClassScores } from '../parts/class-scores';
import { EpochSlider } from '../parts/epoch-slider';
import { Notes } from '../parts/notes';
import { Overall } from '../parts/overall';
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
  const known = found !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was known is forgotten once the run goes on from an earlier epoch.
  useEffect(() => {
    if (epoch !== null) {
      evaluations.wantEvaluation(epoch);
    }
  }, [evaluations, epoch, known]);
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
          <Overall scores={headline(summary)} words={words} />
          <Notes notes={summary.notes} language={props.language} />
          {summary.task === 'regression' ? (
            <Residuals
              client={client}
              epoch={shown.epoch ?? 0}
              summary={summary}
              hasExamples={shown.has_examples}
              words={words}
            />
          ) : (
            <ClassScores summary={summary} words={words} />
          )}
        </div>
      )}
    </div>
  );
}
