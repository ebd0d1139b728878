import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Box } from '../model/answers';

type Paint = (value: number) => [red: number, green: number, blue: number, alpha: number];

/** A grey picture drawn over another one, in colours of ours. */
function Overlay(props: { source: string; paint: Paint; opacity: number; smooth: boolean; name: string }) {
  const { source, paint, opacity, smooth, name } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const image = new Image();
    image.onload = () => canvas.current !== null && colour(canvas.current, image, paint);
    image.src = source;
    return () => {
      image.onload = null;
    };
  }, [source, paint]);
  return (
    <span class="dlt-layer" data-layer={name} data-smooth={smooth} style={{ opacity }} aria-hidden="true">
      <canvas ref={canvas} width={1} height={1} />
    </span>
  );
}

function colour(canvas: HTMLCanvasElement, image: HTMLImageElement, paint: Paint): void {
  const { naturalWidth: width, naturalHeight: height } = image;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null || width === 0) {
    return;
  }
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, width, height);
  const { data } = pixels;
  for (let i = 0; i < data.length; i += 4) {
    data.set(paint(data[i] ?? 0), i);
  }
  context.putImageData(pixels, 0, 0);
}

/** Turns of the colour wheel by the golden angle: neighbours in number are far apart in colour. */
export function classColour(id: number): string {
  const [red, green, blue] = classRgb(id);
  return `rgb(${red} ${green} ${blue})`;
}

function classRgb(id: number): [number, number, number] {
  const hue = (id * 137.508 + 20) % 360;
  const channel = (shift: number) => {
    const k = (shift + hue / 30) % 12;
    return Math.round(255 * (0.6 - 0.4 * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

/** Class 0 is what nothing stands on. */
const paintMask: Paint = id => (id === 0 ? [0, 0, 0, 0] : [...classRgb(id), 255]);

export function MaskLayer({
  mask,
  opacity,
  name
}: {
  mask: string;
  opacity: number;
  name: string;
}): JSX.Element {
  return <Overlay source={mask} paint={paintMask} opacity={opacity} smooth={false} name={name} />;
}

/** From dark violet by red to yellow: lighter is hotter, in any kind of colour vision. */
const HEAT = [
  [40, 11, 84],
  [120, 28, 109],
  [203, 65, 73],
  [249, 142, 9],
  [252, 255, 164]
] as const;

export const paintHeat: Paint = value => {
  const at = (value / 255) * (HEAT.length - 1);
  const from = HEAT[Math.floor(at)] ?? HEAT[0];
  const to = HEAT[Math.ceil(at)] ?? from;
  const mix = (i: 0 | 1 | 2) => from[i] + (at % 1) * (to[i] - from[i]);
  return [mix(0), mix(1), mix(2), 255 * Math.min(1, 0.15 + value / 255)];
};

export function HeatLayer({ heatmap, opacity }: { heatmap: string; opacity: number }): JSX.Element {
  return <Overlay source={heatmap} paint={paintHeat} opacity={opacity} smooth name="heatmap" />;
}

/** Whether the names of two boxes can be read beside each other. */
function apart(
  [x = 0, y = 0]: Box,
  [otherX = 0, otherY = 0]: Box,
  [height, width]: [number, number]
): boolean {
  return Math.abs(x - otherX) > width * 0.3 || Math.abs(y - otherY) > height / 20;
}

/** Frames around what was found, or around what is there (dashed). */
export function BoxLayer(props: {
  boxes: Box[];
  size: [number, number];
  labels: string[];
  truth: boolean;
  named: boolean;
}): JSX.Element {
  const { boxes, size, labels, truth, named } = props;
  const [height, width] = size;
  return (
    <svg
      class="dlt-layer"
      data-layer={truth ? 'true-boxes' : 'boxes'}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {boxes.map((box, i) => {
        const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = box;
        const free = boxes.slice(0, i).every(other => apart(other, box, size));
        const id = box[truth ? 4 : 5] ?? 0;
        const score = truth ? null : box[4];
        return (
          <g key={i} style={{ '--dlt-class': classColour(id + 1) }} data-truth={truth}>
            <rect x={x0} y={y0} width={Math.max(0, x1 - x0)} height={Math.max(0, y1 - y0)} />
            {named && free ? (
              <text x={x0} y={y0} font-size={height / 22} dy={y0 < height / 16 ? height / 22 : -height / 90}>
                {labels[id] ?? id}
                {score == null ? '' : ` ${score.toFixed(2)}`}
              </text>
            ) : null}
          </g>
        );
      })}
    </svg>
  );
}
