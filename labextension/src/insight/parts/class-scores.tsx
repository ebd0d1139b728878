import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { Line, Summary } from '../model/answers';
import { averages, classLabel, meanPrecision } from '../model/scores';
import type { EvaluationWords } from '../words/evaluation';
import { CalibrationChart, CurveChart, HistogramChart } from './score-charts';
import { ScoreTable } from './score-table';

/** Stands for all classes among the keys of curves. */
const MEAN = 'macro';

/** What was measured class by class: as curves of the class that is chosen, or of their mean, and as a table. */
export function ClassScores({ summary, words }: { summary: Summary; words: EvaluationWords }): JSX.Element {
  const { classes = [], calibration, iou } = summary;
  const roc = some(summary.roc) ? summary.roc : null;
  const pr = useMemo(() => withMean(summary.pr), [summary.pr]);
  const keys = [...new Set([MEAN, ...Object.keys(roc ?? {}), ...Object.keys(pr ?? {})])].filter(
    one => roc?.[one] !== undefined || pr?.[one] !== undefined
  );
  const [chosen, setChosen] = useState(MEAN);
  const key = keys.includes(chosen) ? chosen : (keys[0] ?? chosen);
  const name = (one: string) => (one === MEAN ? words.mean : classLabel(classes, one));
  return (
    <>
      {keys.length === 0 ? null : (
        <label class="dlt-select dlt-curve-choice">
          <span>{words.classOfCurves}</span>
          <select value={key} onChange={event => setChosen(event.currentTarget.value)}>
            {keys.map(one => (
              <option key={one} value={one}>
                {name(one)}
              </option>
            ))}
          </select>
        </label>
      )}
      <div class="dlt-planes">
        {roc === null ? null : (
          <CurveChart
            title={words.roc}
            lines={roc}
            chosen={key}
            name={name(key)}
            axes={[words.falsePositives, words.truePositives]}
            diagonal
            words={words}
          />
        )}
        {pr === null ? null : (
          <CurveChart
            title={words.pr}
            lines={pr}
            chosen={key}
            name={key === MEAN ? words.meanOf(Object.keys(pr).length - 1) : name(key)}
            axes={[words.recallAxis, words.precisionAxis]}
            diagonal={false}
            words={words}
          />
        )}
        {calibration === undefined ? null : <CalibrationChart calibration={calibration} words={words} />}
        {iou === undefined ? null : (
          <HistogramChart title={words.iouBins} bins={iou} axis={words.overlap} words={words} />
        )}
      </div>
      {classes.length === 0 ? null : (
        <section>
          <h4>{words.perClass}</h4>
          <ScoreTable
            classes={classes}
            means={averages(summary)}
            chosen={key}
            words={words}
            onChoose={setChosen}
          />
        </section>
      )}
    </>
  );
}

/** The curves of the classes, and before them the mean of several. */
function withMean(lines: Record<string, Line> | undefined): Record<string, Line> | null {
  if (!some(lines)) {
    return null;
  }
  const all = Object.values(lines);
  return all.length < 2 ? lines : { [MEAN]: meanPrecision(all), ...lines };
}

function some(lines: Record<string, Line> | undefined): lines is Record<string, Line> {
  return lines !== undefined && Object.keys(lines).length > 0;
}
