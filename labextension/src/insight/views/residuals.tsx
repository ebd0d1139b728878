import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { metric } from '../../model/format';
import type { InsightClient } from '../contract';
import type { Examples, Summary } from '../model/answers';
import { FitChart, HistogramChart } from '../parts/score-charts';
import type { EvaluationWords } from '../words/evaluation';

/** Examples drawn as points, at most. */
const POINTS = 200;

interface Fit {
  truths: number[];
  predictions: number[];
}

/** How far predicted numbers lie from the true ones: as a histogram, example by example, and by output. */
export function Residuals(props: {
  client: InsightClient;
  epoch: number;
  summary: Summary;
  hasExamples: boolean;
  words: EvaluationWords;
}): JSX.Element {
  const { summary, words } = props;
  const fit = useFit(props.client, props.epoch, props.hasExamples);
  const outputs = summary.outputs ?? [];
  return (
    <>
      <div class="dlt-planes">
        {summary.residuals === undefined || summary.residuals.counts.length === 0 ? null : (
          <HistogramChart
            title={words.residuals}
            bins={summary.residuals}
            axis={words.residualAxis}
            words={words}
          />
        )}
        {fit === null || fit.truths.length === 0 ? null : <FitChart {...fit} words={words} />}
      </div>
      {outputs.length > 1 ? (
        <section>
          <h4>{words.perOutput}</h4>
          <div class="dlt-scroll">
            <table class="dlt-table">
              <thead>
                <tr>
                  <th scope="col">{words.output}</th>
                  {Object.keys(outputs[0] ?? {}).map(name => (
                    <th scope="col" key={name}>
                      {words.names[name] ?? name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {outputs.map((output, i) => (
                  <tr key={i}>
                    <th scope="row">{i}</th>
                    {Object.entries(output).map(([name, value]) => (
                      <td key={name}>{metric(value)}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      ) : null}
    </>
  );
}

/** The first output of some examples, with the one before shown while another epoch's are read. */
function useFit(client: InsightClient, epoch: number, there: boolean): Fit | null {
  const [fit, setFit] = useState<Fit | null>(null);
  useEffect(() => {
    if (!there) {
      setFit(null);
      return undefined;
    }
    let over = false;
    client.read('examples', { epoch, count: POINTS, sort: 'index' }).then(
      answer => over || setFit(fitOf(answer as Examples)),
      // The histogram says the most without it.
      () => over || setFit(null)
    );
    return () => {
      over = true;
    };
  }, [client, epoch, there]);
  return fit;
}

export function fitOf({ items }: Examples): Fit {
  const pairs = items
    .map(
      ({ truth, prediction }) =>
        [Number.parseFloat(truth ?? ''), Number.parseFloat(prediction ?? '')] as const
    )
    .filter(([truth, prediction]) => Number.isFinite(truth) && Number.isFinite(prediction));
  return { truths: pairs.map(([truth]) => truth), predictions: pairs.map(([, prediction]) => prediction) };
}
