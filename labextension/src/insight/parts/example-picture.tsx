import type { JSX } from 'preact';
import type { Box, Item } from '../model/answers';
import { BoxLayer, HeatLayer, MaskLayer } from './layers';

/** What is drawn over an example's picture. */
export interface Layers {
  mask: boolean;
  trueMask: boolean;
  boxes: boolean;
  trueBoxes: boolean;
  heatmap: string | null;
  /** Of masks and heatmaps, 0 to 1. */
  opacity: number;
  /** Boxes found with a smaller score are left out. */
  least: number;
}

export const TRUTH: Layers = {
  mask: false,
  trueMask: true,
  boxes: false,
  trueBoxes: true,
  heatmap: null,
  opacity: 0.55,
  least: 0.3
};
export const PREDICTION: Layers = { ...TRUTH, mask: true, trueMask: false, boxes: true, trueBoxes: false };

/** Whether something lies over the picture of an example: masks or boxes. */
export function hasLayers(item: Item): boolean {
  return [item.mask, item.true_mask, item.boxes, item.true_boxes].some(layer => layer !== null);
}

/** An example's picture, with layers over it that cover it exactly. */
export function ExamplePicture(props: {
  item: Item;
  labels: string[];
  layers: Layers;
  label: string;
  large?: boolean;
}): JSX.Element {
  const { item, labels, layers, label, large = false } = props;
  const size = item.size ?? null;
  return (
    <span
      class="dlt-picture"
      data-large={large}
      style={size === null ? {} : { aspectRatio: size[1] / size[0] }}
    >
      <img src={item.image ?? ''} alt={label} loading="lazy" decoding="async" draggable={false} />
      {layers.trueMask && item.true_mask !== null ? (
        <MaskLayer mask={item.true_mask} opacity={layers.opacity} name="true-mask" />
      ) : null}
      {layers.mask && item.mask !== null ? (
        <MaskLayer mask={item.mask} opacity={layers.opacity} name="mask" />
      ) : null}
      {layers.heatmap === null ? null : <HeatLayer heatmap={layers.heatmap} opacity={layers.opacity} />}
      {layers.trueBoxes && item.true_boxes !== null && size !== null ? (
        <BoxLayer boxes={item.true_boxes} size={size} labels={labels} truth named={large && !layers.boxes} />
      ) : null}
      {layers.boxes && item.boxes !== null && size !== null ? (
        <BoxLayer
          boxes={surest(item.boxes, layers.least)}
          size={size}
          labels={labels}
          truth={false}
          named={large}
        />
      ) : null}
    </span>
  );
}

/** Boxes of some score at least, the surest first: its name is the one that is written where several lie together. */
function surest(boxes: Box[], least: number): Box[] {
  const score = (box: Box) => box[4] ?? 0;
  return boxes.filter(box => score(box) >= least).sort((a, b) => score(b) - score(a));
}
