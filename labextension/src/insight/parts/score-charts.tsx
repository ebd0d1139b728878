import type { JSX } from 'preact';
import { count, metric } from '../../model/format';
import type { Bins, Line, Summary } from '../model/answers';
import { nearest, spanOf } from '../model/plane';
import type { EvaluationWords } from '../words/evaluation';
import { Plane, path } from './plane';

const UNIT: [number, number] = [0, 1];

interface CurveProps {
  title: string;
  lines: Record<string, Line>;
  /** Which of them is drawn. */
  chosen: string;
  name: string;
  axes: [x: string, y: string];
  /** Chance lies on the diagonal. */
  diagonal: boolean;
  words: EvaluationWords;
}

/** One curve of a class over the faint ones of all the others. */
export function CurveChart(props: CurveProps): JSX.Element {
  const { title, lines, chosen, name, axes, diagonal, words } = props;
  const line = lines[chosen];
  const read = (x: number) => {
    const i = line === undefined ? null : nearest(line.x, x);
    const [px, py] = i === null ? [null, null] : [line?.x[i] ?? null, line?.y[i] ?? null];
    return px === null || py === null
      ? null
      : { text: `${axes[0]} ${metric(px)}, ${axes[1]} ${metric(py)}`, at: [[px, py]] as [number, number][] };
  };
  return (
    <Plane
      title={title}
      xSpan={UNIT}
      ySpan={UNIT}
      xLabel={axes[0]}
      yLabel={axes[1]}
      label={`${title}: ${name}`}
      read={read}
      step={0.01}
      note={<span class="dlt-muted">{line === undefined ? words.noCurve : name}</span>}
    >
      {scale => (
        <>
          {diagonal ? <path class="dlt-plane-chance" d={path([0, 1], [0, 1], scale)} /> : null}
          {Object.entries(lines).map(([key, other]) =>
            key === chosen ? null : (
              <path key={key} class="dlt-plane-other" d={path(other.x, other.y, scale)} />
            )
          )}
          {line === undefined ? null : <path class="dlt-plane-line" d={path(line.x, line.y, scale)} />}
        </>
      )}
    </Plane>
  );
}

/** Whether a model is right as often as it is sure. */
export function CalibrationChart(props: {
  calibration: NonNullable<Summary['calibration']>;
  words: EvaluationWords;
}): JSX.Element {
  const { calibration, words } = props;
  const { confidence, accuracy, count: counts } = calibration;
  const bins = counts.length;
  const most = Math.max(1, ...counts);
  const read = (x: number) => {
    const i = Math.min(bins - 1, Math.max(0, Math.floor(x * bins)));
    const [sure, right] = [confidence[i] ?? null, accuracy[i] ?? null];
    return sure === null || right === null
      ? null
      : {
          text: `${words.confidence} ${metric(sure)}, ${words.accuracyAxis} ${metric(right)}, ${words.examplesAxis} ${count(counts[i])}`,
          at: [[sure, right]] as [number, number][]
        };
  };
  return (
    <Plane
      title={words.calibration}
      xSpan={UNIT}
      ySpan={UNIT}
      xLabel={words.confidence}
      yLabel={words.accuracyAxis}
      label={words.calibration}
      read={read}
      step={1 / bins}
    >
      {scale => (
        <>
          <path class="dlt-plane-chance" d={path([0, 1], [0, 1], scale)} />
          {counts.map((number, i) => (
            <rect
              key={i}
              class="dlt-plane-bar"
              x={scale.x(i / bins) + 1}
              width={Math.max(0, scale.x(1 / bins) - scale.x(0) - 2)}
              y={scale.y((number / most) * 0.25)}
              height={scale.y(0) - scale.y((number / most) * 0.25)}
            />
          ))}
          <path class="dlt-plane-line" d={path(confidence, accuracy, scale)} />
          {confidence.map((sure, i) => {
            const right = accuracy[i] ?? null;
            return sure === null || right === null ? null : (
              <circle key={i} class="dlt-plane-point" cx={scale.x(sure)} cy={scale.y(right)} r="2.5" />
            );
          })}
        </>
      )}
    </Plane>
  );
}

/** How many fell where. */
export function HistogramChart(props: {
  title: string;
  bins: Bins;
  axis: string;
  words: EvaluationWords;
}): JSX.Element {
  const { title, bins, axis, words } = props;
  const { edges, counts } = bins;
  const [from = 0, to = 1] = [edges[0], edges.at(-1)];
  const most = Math.max(1, ...counts);
  const read = (x: number) => {
    const i = edges.findIndex((edge, at) => x >= edge && x < (edges[at + 1] ?? Number.NEGATIVE_INFINITY));
    return i < 0
      ? null
      : { text: `${metric(edges[i])} … ${metric(edges[i + 1])}: ${count(counts[i])}`, at: [] };
  };
  return (
    <Plane
      title={title}
      xSpan={[from, to > from ? to : from + 1]}
      ySpan={[0, most * 1.05]}
      xLabel={axis}
      yLabel={words.examplesAxis}
      label={`${title}: ${count(counts.reduce((sum, value) => sum + value, 0))} ${words.examplesAxis}`}
      read={read}
      step={(to - from) / Math.max(1, counts.length)}
    >
      {scale => (
        <>
          {from < 0 && to > 0 ? <path class="dlt-plane-chance" d={path([0, 0], [0, most], scale)} /> : null}
          {counts.map((number, i) => {
            const left = scale.x(edges[i] ?? 0);
            const width = scale.x(edges[i + 1] ?? 0) - left;
            return (
              <rect
                key={i}
                class="dlt-plane-column"
                x={left + 0.3}
                width={Math.max(0.4, width - 0.6)}
                y={scale.y(number)}
                height={Math.max(0, scale.y(0) - scale.y(number))}
              />
            );
          })}
        </>
      )}
    </Plane>
  );
}

/** Predictions against what was true: on the diagonal they are right. */
export function FitChart(props: {
  truths: number[];
  predictions: number[];
  words: EvaluationWords;
}): JSX.Element {
  const { truths, predictions, words } = props;
  const span = spanOf([...truths, ...predictions]);
  const read = (x: number) => {
    const i = nearest(truths, x);
    const [truth, prediction] = i === null ? [undefined, undefined] : [truths[i], predictions[i]];
    return truth === undefined || prediction === undefined
      ? null
      : {
          text: `${words.truthAxis} ${metric(truth)}, ${words.predictionAxis} ${metric(prediction)}`,
          at: [[truth, prediction]] as [number, number][]
        };
  };
  return (
    <Plane
      title={words.fit}
      xSpan={span}
      ySpan={span}
      xLabel={words.truthAxis}
      yLabel={words.predictionAxis}
      label={`${words.fit}: ${words.fitOf(truths.length)}`}
      read={read}
      step={(span[1] - span[0]) / 100}
      note={<span class="dlt-muted">{words.fitOf(truths.length)}</span>}
    >
      {scale => (
        <>
          <path class="dlt-plane-chance" d={path(span, span, scale)} />
          <path
            class="dlt-plane-dots"
            d={truths
              .map((truth, i) => `M${scale.x(truth).toFixed(1)} ${scale.y(predictions[i] ?? 0).toFixed(1)}h0`)
              .join('')}
          />
        </>
      )}
    </Plane>
  );
}
