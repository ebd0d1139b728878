import type { JSX } from 'preact';
import { type MetricChart, type ShownSeries, type TimeUnit, type Unit, valueAt } from '../model/comparison';
import { title } from '../model/families';
import { count, duration, learningRate, metric } from '../model/format';
import { type Place, type Pointer, usePointer } from '../panel/chart-tooltip';
import { useWords } from '../words/words';
import { RunSwatch } from './legend';

/** The pointer on the chart of a metric, in the units of its axis. */
export interface ComparedHover extends Place {
  x: number;
  chart: string;
}

/** Columns beside the one that is pointed at. */
const MORE = 3;

/** Every run at the place under the pointer, in one table for all charts. */
export function CompareTooltip(props: {
  pointer: Pointer<ComparedHover>;
  charts: MetricChart[];
  labels: Map<string, string>;
  unit: Unit;
  time: TimeUnit;
  /** How far beyond its ends, in the units of the axis, a run's curve still counts. */
  reach: number;
}): JSX.Element | null {
  const { pointer, charts, labels, unit, time } = props;
  const { comparison: said } = useWords();
  const { hover, root } = usePointer(pointer);
  if (hover === null) {
    return null;
  }
  const pointed = charts.find(({ name }) => name === hover.chart);
  const others = charts.filter(chart => chart !== pointed && chart.name !== 'learning_rate').slice(0, MORE);
  const columns = pointed === undefined ? others : [pointed, ...others];
  const runs = [...new Map(columns.flatMap(chart => chart.runs).map(({ run }) => [run.id, run])).values()];
  const at = Math.max(0, hover.x);
  const where = {
    step: () => count(Math.round(at)),
    epoch: () => at.toFixed(2),
    time: () => duration(at * time.seconds)
  };
  const cell = (chart: MetricChart, id: string) => {
    const found = chart.runs.find(({ run }) => run.id === id);
    return found === undefined ? '–' : values(found, at, props.reach, chart.name, said.notFinite);
  };
  return (
    <div class="dlt-tooltip" ref={root} role="status">
      <p>
        {said.units[unit].toLowerCase()} <b>{where[unit]()}</b>
      </p>
      <table>
        <thead>
          <tr>
            <td />
            {columns.map(({ name }) => (
              <th scope="col" key={name} data-pointed={name === hover.chart}>
                {title(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {runs.map(({ id, colour }) => (
            <tr key={id}>
              <th scope="row">
                <RunSwatch colour={colour} />
                <span class="dlt-tooltip-name">{labels.get(id) ?? id}</span>
              </th>
              {columns.map(chart => (
                <td key={chart.name} data-pointed={chart.name === hover.chart}>
                  {cell(chart, id)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The values of a run's curves: of training and validation where both are shown. */
function values(
  { series, horizontal }: ShownSeries,
  x: number,
  reach: number,
  name: string,
  broken: string
): string {
  const step = horizontal.toStep(x);
  const near = Math.abs(horizontal.toStep(reach) - horizontal.toStep(0));
  return series
    .map(one => {
      const value = valueAt(one, step, near);
      return value === null ? broken : name === 'learning_rate' ? learningRate(value) : metric(value);
    })
    .join(' / ');
}
