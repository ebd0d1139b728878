import type { JSX } from 'preact';
import { size } from '../../model/format';
import { useWords } from '../../words/words';
import type { Resources } from '../contract';

/** Above this share a gauge says so by its colour. */
const FULL = 0.9;

/** How busy the server's machine is. */
export function Gauges({ resources, away }: { resources: Resources | null; away: boolean }): JSX.Element {
  const words = useWords();
  if (resources === null) {
    return (
      <div class="dlt-gauges">
        <p class="dlt-muted">{words.gauges.waiting}</p>
      </div>
    );
  }
  const { gauges } = words;
  const { cpu_percent, cores, memory_bytes, memory_total_bytes, gpus } = resources;
  return (
    <section class="dlt-gauges" data-away={away} aria-label={gauges.title(resources.host)}>
      <Gauge
        name={gauges.cpu}
        share={cpu_percent / 100}
        text={whole(cpu_percent)}
        title={gauges.cores(cores)}
      />
      <Gauge
        name={gauges.memory}
        share={memory_bytes / memory_total_bytes}
        text={bytes(memory_bytes, memory_total_bytes)}
        title={exactly(memory_bytes, memory_total_bytes)}
      />
      {gpus.map((gpu, i) => {
        const name = gpus.length > 1 ? `${gauges.gpu} ${i}` : gauges.gpu;
        return (
          <div class="dlt-gauge-pair" key={i}>
            <Gauge
              name={name}
              share={(gpu.percent ?? 0) / 100}
              text={gpu.percent === null ? '–' : whole(gpu.percent)}
              title={gpu.name}
            />
            <Gauge
              name={gauges.memory}
              of={name}
              share={gpu.memory_bytes / gpu.memory_total_bytes}
              text={bytes(gpu.memory_bytes, gpu.memory_total_bytes)}
              title={`${gpu.name}: ${exactly(gpu.memory_bytes, gpu.memory_total_bytes)}`}
            />
          </div>
        );
      })}
    </section>
  );
}

function Gauge(props: {
  name: string;
  of?: string;
  share: number;
  text: string;
  title?: string;
}): JSX.Element {
  const share = Number.isFinite(props.share) ? Math.min(1, Math.max(0, props.share)) : 0;
  return (
    <div
      class="dlt-gauge"
      role="meter"
      aria-label={props.of === undefined ? props.name : `${props.of}, ${props.name}`}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      aria-valuetext={props.text}
      title={props.title}
      data-full={share > FULL}
    >
      <span class="dlt-gauge-name">{props.name}</span>
      <span class="dlt-gauge-text">{props.text}</span>
      <span class="dlt-thin-bar dlt-gauge-bar">
        <span style={{ transform: `scaleX(${share})` }} />
      </span>
    </div>
  );
}

/** `11/17 GB`: the unit of the whole stands for both, and there is little room. */
function bytes(used: number, total: number): string {
  const unit = size(total).split(' ')[1] ?? 'B';
  const scale = 1000 ** ['B', 'kB', 'MB', 'GB', 'TB'].indexOf(unit);
  const [part, whole] = [used, total].map(value => (value / scale).toFixed(value / scale >= 9.95 ? 0 : 1));
  return `${part}/${whole} ${unit}`;
}

function exactly(used: number, total: number): string {
  return `${size(used)} / ${size(total)}`;
}

function whole(percent: number): string {
  return `${Math.round(percent)} %`;
}
