import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { type Unit, horizontalAxis, pictureOf, rateChanges } from '../charts/pictures';
import type { Memory, Snapshot } from '../contract';
import { EpochScale, roomFor } from '../model/axis';
import { type Family, families, refine } from '../model/families';
import { count } from '../model/format';
import type { RunModel } from '../model/run-model';
import { isAlive } from '../model/situation';
import { Button } from './button';
import { ChartCard } from './chart-card';
import { ChartSettings } from './chart-settings';
import { type Hover, Pointer, Tooltip } from './chart-tooltip';
import type { Frame } from './frame';
import { useChoice, useUniqueId } from './hooks';
import { Timeline } from './timeline';
import { useZoom } from './zoom';

/** An empty chart stands where the first one will be, so that nothing jumps when it comes. */
const NOTHING_YET: Family[] = [{ name: 'loss', series: [] }];

interface CurvesTabProps {
  model: RunModel;
  memory: Memory;
  snapshot: Snapshot;
  gone: boolean;
  frame?: Frame | undefined;
  onTry: (step: number) => void;
}

/** Every metric of the run over its steps. */
export function CurvesTab({ model, memory, snapshot, gone, frame, onTry }: CurvesTabProps): JSX.Element {
  const [log, setLog] = useChoice(memory, 'log', false);
  const [smoothing, setSmoothing] = useChoice(memory, 'smoothing', 1);
  const [wanted, setUnit] = useChoice(memory, 'unit', 'step');
  const { zoom, fine, zoomTo } = useZoom(model, gone);
  const [pointer] = useState(() => new Pointer<Hover>());
  const sync = useUniqueId();

  // What follows is made anew only from what changed; a snapshot keeps what didn't as the same object.
  const { curves, epochs, monitor, progress, best, controls, run } = snapshot;
  const charts = useMemo(() => {
    const found = families(refine(curves, fine), epochs, monitor);
    return found.length > 0 ? found : NOTHING_YET;
  }, [curves, fine, epochs, monitor]);
  const perEpoch = progress.steps_per_epoch;
  const scale = useMemo(
    () => new EpochScale(epochs.step ?? [], epochs.epoch ?? [], perEpoch),
    [epochs, perEpoch]
  );
  const unit: Unit = wanted === 'epoch' && scale.known ? 'epoch' : 'step';
  const horizontal = useMemo(() => horizontalAxis(unit, scale), [unit, scale]);
  const rates = useMemo(() => rateChanges(controls), [controls]);
  const alive = isAlive(run);
  const end = alive ? roomFor(progress.step, progress.steps) : Math.max(1, progress.step);
  const [from, to] = zoom ?? [0, end];
  const pictures = useMemo(() => {
    const settings = { horizontal, from, to, log, smoothing };
    return charts.map(family => ({ family, picture: pictureOf(family, settings, best, rates) }));
  }, [charts, horizontal, from, to, log, smoothing, best, rates]);

  const empty = alive
    ? 'The first point appears after the first step.'
    : 'The run ended before its first step was measured.';
  return (
    <>
      <ChartSettings
        log={log}
        smoothing={smoothing}
        unit={unit}
        units={[
          ['step', 'Step', false],
          ['epoch', 'Epoch', !scale.known]
        ]}
        onLog={setLog}
        onSmoothing={setSmoothing}
        onUnit={setUnit}
      >
        {zoom === null ? (
          <span class="dlt-hint dlt-wide">Drag to zoom, double-click to reset</span>
        ) : (
          <Button
            icon="reset"
            kind="quiet"
            label={`Steps ${count(Math.round(from))}–${count(Math.round(to))}`}
            title="Show the whole run"
            onClick={() => zoomTo(null)}
          />
        )}
      </ChartSettings>
      <div class="dlt-charts">
        {pictures.map(({ family, picture }) => (
          <ChartCard
            key={family.name}
            family={family}
            picture={picture}
            empty={empty}
            sync={sync}
            onHover={at => pointer.move(at && { step: horizontal.toStep(at.x), ...at.place })}
            onZoom={range => zoomTo([horizontal.toStep(range[0]), horizontal.toStep(range[1])])}
            onReset={() => zoomTo(null)}
          />
        ))}
        <Tooltip pointer={pointer} families={charts} rates={rates} scale={scale} reach={(to - from) / 80} />
      </div>
      <Timeline model={model} snapshot={snapshot} end={end} gone={gone} frame={frame} onTry={onTry} />
    </>
  );
}
