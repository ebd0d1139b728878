import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { classColour, paintHeat } from './layers';

/** Pixels a side that a picture is drawn with. */
const SIDE = 280;
/** How much of the picture a heatmap hides. */
const GLOW = 0.55;

/** A picture as the model saw it; where it looked glows, and what it found lies over it. */
export function Overlaid(props: {
  picture: string;
  heatmap: string | null;
  boxes?: number[][] | null;
  mask?: number[][] | null;
  label: string;
}): JSX.Element {
  const { picture, heatmap, boxes = null, mask = null, label } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let over = false;
    const draw = async () => {
      const [ground, glow] = await Promise.all([loaded(picture), heatmap === null ? null : loaded(heatmap)]);
      if (!over && canvas.current !== null && ground !== null) {
        paint(canvas.current, ground, glow);
        if (mask !== null) {
          paintMask(canvas.current, mask);
        }
        if (boxes !== null) {
          paintBoxes(canvas.current, boxes, ground);
        }
      }
    };
    void draw();
    return () => {
      over = true;
    };
  }, [picture, heatmap, boxes, mask]);
  return <canvas class="dlt-seen" ref={canvas} width={SIDE} height={SIDE} role="img" aria-label={label} />;
}

/** The picture, decoded; `null` if it is none. */
function loaded(source: string): Promise<HTMLImageElement | null> {
  return new Promise(resolve => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => resolve(null);
    image.src = source;
  });
}

function paint(canvas: HTMLCanvasElement, ground: HTMLImageElement, glow: HTMLImageElement | null): void {
  const context = canvas.getContext('2d');
  if (context === null) {
    return;
  }
  const { naturalWidth: width, naturalHeight: height } = ground;
  const scale = SIDE / Math.max(width, height, 1);
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  // Each pixel the model saw is a square.
  context.imageSmoothingEnabled = scale < 1;
  context.drawImage(ground, 0, 0, canvas.width, canvas.height);
  const shine = glow === null ? null : coloured(glow);
  if (shine !== null) {
    context.imageSmoothingEnabled = true;
    context.globalAlpha = GLOW;
    context.drawImage(shine, 0, 0, canvas.width, canvas.height);
    context.globalAlpha = 1;
  }
}

/** The first class is what is around the others. */
function paintMask(canvas: HTMLCanvasElement, mask: number[][]): void {
  const context = canvas.getContext('2d');
  if (context === null) {
    return;
  }
  const [width, height] = [canvas.width / (mask[0]?.length ?? 1), canvas.height / mask.length];
  context.globalAlpha = 0.5;
  mask.forEach((row, y) => {
    row.forEach((index, x) => {
      if (index > 0) {
        context.fillStyle = classColour(index);
        context.fillRect(x * width, y * height, width + 0.5, height + 0.5);
      }
    });
  });
  context.globalAlpha = 1;
}

function paintBoxes(canvas: HTMLCanvasElement, boxes: number[][], ground: HTMLImageElement): void {
  const context = canvas.getContext('2d');
  if (context === null) {
    return;
  }
  const scale = canvas.width / Math.max(1, ground.naturalWidth);
  context.lineWidth = 4;
  for (const [x0 = 0, y0 = 0, x1 = 0, y1 = 0, score = 1, index = 0] of boxes) {
    context.globalAlpha = 0.35 + 0.65 * score;
    context.strokeStyle = classColour(index + 1);
    context.strokeRect(x0 * scale, y0 * scale, (x1 - x0) * scale, (y1 - y0) * scale);
  }
  context.globalAlpha = 1;
}

/** A grey picture in the colours of heat. */
function coloured(grey: HTMLImageElement): HTMLCanvasElement | null {
  const sheet = document.createElement('canvas');
  sheet.width = grey.naturalWidth;
  sheet.height = grey.naturalHeight;
  const context = sheet.getContext('2d', { willReadFrequently: true });
  if (context === null || sheet.width === 0) {
    return null;
  }
  context.drawImage(grey, 0, 0);
  const pixels = context.getImageData(0, 0, sheet.width, sheet.height);
  const { data } = pixels;
  for (let i = 0; i < data.length; i += 4) {
    data.set(paintHeat(data[i] ?? 0), i);
  }
  context.putImageData(pixels, 0, 0);
  return sheet;
}
