import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Curves, Memory } from '../contract';
import type { Range } from '../model/axis';
import type { ComparedRun, ComparedRuns } from '../model/compared-runs';
import {
  type Shown,
  type Unit,
  type Which,
  horizontalOf,
  metricCharts,
  pictureOfChart,
  timeUnit,
  wholeRange
} from '../model/comparison';
import { title } from '../model/families';
import { Button } from '../panel/button';
import { ChartSettings, Choice } from '../panel/chart-settings';
import { Pointer } from '../panel/chart-tooltip';
import { useChoice, useUniqueId } from '../panel/hooks';
import { Plot } from '../panel/plot';
import { useWords } from '../words/words';
import { CompareTooltip, type ComparedHover } from './compare-tooltip';

/** Points a window is read with, a run: about one a pixel of a wide chart. */
const FINE_POINTS = 800;

interface CompareChartsProps {
  runs: ComparedRuns;
  view: ComparedRun[];
  labels: Map<string, string>;
  hidden: ReadonlySet<string>;
  memory: Memory;
}

/** The curves of all runs, a chart a metric. */
export function CompareCharts({ runs, view, labels, hidden, memory }: CompareChartsProps): JSX.Element {
  const { comparison: said, charts: chartWords } = useWords();
  const [log, setLog] = useChoice(memory, 'log', false);
  const [smoothing, setSmoothing] = useChoice(memory, 'smoothing', 1);
  const [wantedUnit, setUnit] = useChoice(memory, 'compare-unit', 'step');
  const [wantedWhich, setWhich] = useChoice(memory, 'compare-which', 'validation');
  const unit = oneOf<Unit>(wantedUnit, ['step', 'epoch', 'time']);
  const which = oneOf<Which>(wantedWhich, ['validation', 'train', 'both']);
  const { zoom, fine, zoomTo } = useWindow();
  const [pointer] = useState(() => new Pointer<ComparedHover>());
  const sync = useUniqueId();

  const shown = useMemo(
    () =>
      view.flatMap(({ id, colour, snapshot }): Shown[] =>
        snapshot === null || hidden.has(id) ? [] : [{ id, colour, snapshot, fine: fine.get(id) ?? null }]
      ),
    [view, hidden, fine]
  );
  const time = timeUnit(shown);
  const timeName = time.name;
  const { charts, x } = useMemo(() => {
    const scale = timeUnit(shown);
    const each = unit === 'time' ? scale.seconds : 1;
    return {
      charts: metricCharts(shown, which, unit, scale),
      x: zoom === null ? wholeRange(shown, unit, scale) : (zoom.map(at => at / each) as Range)
    };
  }, [shown, which, unit, zoom]);
  const pictures = useMemo(
    () => charts.map(chart => ({ chart, picture: pictureOfChart(chart, { x, log, smoothing }) })),
    [charts, x, log, smoothing]
  );

  // A window of time is kept in seconds: the axis goes on to minutes, and hours, as a run does.
  const each = unit === 'time' ? time.seconds : 1;
  const read = (range: Range | null) =>
    zoomTo(range === null ? null : (range.map(at => at * each) as Range), async window => {
      const found = await Promise.all(
        shown.map(async ({ id, snapshot }) => {
          const horizontal = horizontalOf(snapshot, unit, time);
          const [start, stop] = window.map(at => horizontal?.toStep(at / each) ?? 0) as Range;
          const names = Object.keys(snapshot.curves);
          return [
            id,
            await runs.curve(id, names, Math.max(0, Math.floor(start)), Math.ceil(stop) + 1, FINE_POINTS)
          ] as const;
        })
      );
      return new Map(found.flatMap(([id, curves]) => (curves === null ? [] : [[id, curves]])));
    });

  return (
    <div class="dlt-compare-charts">
      <ChartSettings
        log={log}
        smoothing={smoothing}
        unit={unit}
        words={chartWords}
        units={(['step', 'epoch', 'time'] as const).map(name => [name, said.units[name], false])}
        onLog={setLog}
        onSmoothing={setSmoothing}
        onUnit={chosen => {
          zoomTo(null);
          setUnit(chosen);
        }}
      >
        <Choice
          label={said.role}
          value={which}
          options={(['validation', 'train', 'both'] as const).map(name => [name, said.roles[name], false])}
          onChoose={setWhich}
        />
        {zoom === null ? (
          <span class="dlt-hint dlt-wide">
            {which === 'both' ? `${said.dashed} ` : ''}
            {unit === 'time' ? said.time(timeName) : said.zoomHint}
          </span>
        ) : (
          <Button icon="reset" label={said.wholeRuns} onClick={() => zoomTo(null)} />
        )}
      </ChartSettings>
      {pictures.length === 0 ? (
        <p class="dlt-empty">{shown.length === 0 && hidden.size > 0 ? said.hidden : said.noCurves}</p>
      ) : null}
      <div class="dlt-charts">
        {pictures.map(({ chart, picture }) => (
          <figure class="dlt-chart" key={chart.name}>
            <figcaption>
              <span class="dlt-chart-name" title={chart.name}>
                {title(chart.name)}
              </span>
            </figcaption>
            <Plot
              picture={picture}
              sync={sync}
              label={said.chart(chart.name, chart.runs.length)}
              onHover={at => pointer.move(at && { x: at.x, chart: chart.name, ...at.place })}
              onZoom={read}
              onReset={() => read(null)}
            />
          </figure>
        ))}
        <CompareTooltip
          pointer={pointer}
          charts={charts}
          labels={labels}
          unit={unit}
          time={time}
          reach={(x[1] - x[0]) / 80}
        />
      </div>
    </div>
  );
}

interface Window {
  /** What is shown, in steps, epochs or seconds; `null` for all. */
  zoom: Range | null;
  /** The runs' curves of that window, once they are read. */
  fine: ReadonlyMap<string, Curves>;
  zoomTo: (range: Range | null, read?: (window: Range) => Promise<Map<string, Curves>>) => void;
}

const NOTHING: ReadonlyMap<string, Curves> = new Map();

function useWindow(): Window {
  const [zoom, setZoom] = useState<Range | null>(null);
  const [fine, setFine] = useState(NOTHING);
  const newest = useRef<Range | null>(null);
  const zoomTo: Window['zoomTo'] = (range, read) => {
    newest.current = range;
    setZoom(range);
    setFine(NOTHING);
    if (range !== null && read !== undefined) {
      void read(range).then(found => newest.current === range && setFine(found));
    }
  };
  return { zoom, fine, zoomTo };
}

function oneOf<T extends string>(value: string, known: [T, ...T[]]): T {
  return known.find(other => other === value) ?? known[0];
}
