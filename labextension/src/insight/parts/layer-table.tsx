import type { JSX } from 'preact';
import { count } from '../../model/format';
import { type Analysis, type Layer, type Measure, bars, large, shape } from '../../model/layers';
import { milliseconds } from '../../model/prediction';
import type { AnalysisWords } from '../words/analysis';

const TEXTS: Record<Measure, (value: number | null) => string> = {
  parameters: count,
  flops: large,
  milliseconds
};

/** Every layer, with how much of the whole it is. */
export function LayerTable({
  analysis,
  words: said
}: {
  analysis: Analysis;
  words: AnalysisWords;
}): JSX.Element {
  const { layers, total } = analysis;
  const measures = (['parameters', 'flops', 'milliseconds'] as const).filter(
    measure => measure === 'parameters' || layers.some(layer => layer[measure] !== null)
  );
  const shares = new Map(measures.map(measure => [measure, bars(layers, measure)]));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
    <div class="dlt-scroll dlt-layers" tabIndex={0} role="region" aria-label={said.table}>
      <table class="dlt-table">
        <thead>
          <tr>
            <th scope="col" class="dlt-left">
              {said.layer}
            </th>
            <th scope="col" class="dlt-left">
              {said.type}
            </th>
            <th scope="col" class="dlt-left">
              {said.input}
            </th>
            <th scope="col" class="dlt-left">
              {said.output}
            </th>
            {measures.map(measure => (
              <th scope="col" key={measure}>
                {said[measure]}
              </th>
            ))}
            <th scope="col">{said.trainable}</th>
          </tr>
        </thead>
        <tbody>
          {layers.map((layer, i) => (
            <tr key={`${i} ${layer.name}`}>
              <th scope="row" class="dlt-left dlt-layer-name" title={layer.name}>
                {layer.name}
              </th>
              <td class="dlt-left">{layer.type}</td>
              <td class="dlt-left">{shape(layer.input_shape)}</td>
              <td class="dlt-left">{shape(layer.output_shape)}</td>
              {measures.map(measure => (
                <td key={measure} class="dlt-measured">
                  {TEXTS[measure](layer[measure])}
                  <span class="dlt-thin-bar" aria-hidden="true">
                    <span style={{ transform: `scaleX(${shares.get(measure)?.[i] ?? 0})` }} />
                  </span>
                </td>
              ))}
              <td>{learns(layer, said)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" class="dlt-left" colSpan={4}>
              {said.total}
            </th>
            {measures.map(measure => (
              <td key={measure}>{TEXTS[measure](total[measure])}</td>
            ))}
            <td>{count(total.trainable)}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function learns({ parameters, trainable }: Layer, said: AnalysisWords): string {
  if (parameters === 0) {
    return '–';
  }
  return trainable === parameters ? said.all : trainable === 0 ? said.none : said.frozen(count(trainable));
}
