import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Checkpoint } from '../../contract';
import { metric, percent } from '../../model/format';
import { Button } from '../../panel/button';
import { useUniqueId } from '../../panel/hooks';
import type { InsightClient } from '../contract';
import type { Item } from '../model/answers';
import { useHeatmap } from '../model/heatmaps';
import type { EvaluationWords } from '../words/evaluation';
import { ClassLegend } from './class-legend';
import { ExamplePicture, type Layers, PREDICTION, hasLayers } from './example-picture';
import { Guesses } from './guesses';

interface ZoomProps {
  client: InsightClient;
  items: Item[];
  at: number;
  total: number;
  labels: string[];
  /** Who is asked where it looked. */
  checkpoint: Checkpoint | null;
  words: EvaluationWords;
  onMove: (at: number) => void;
  onClose: () => void;
}

/** One example, large, over the list it is from; arrow keys go on, Escape goes back, and the focus stays inside. */
export function ExampleZoom(props: ZoomProps): JSX.Element | null {
  const { client, items, at, total, labels, checkpoint, words } = props;
  const dialog = useRef<HTMLDivElement>(null);
  const id = useUniqueId();
  const [looking, setLooking] = useState(false);
  const [layers, setLayers] = useState<Layers>({ ...PREDICTION, trueBoxes: true });
  const item = items[at];
  const looked = useHeatmap(
    client,
    item?.index ?? 0,
    checkpoint?.step ?? 0,
    looking && checkpoint !== null && item !== undefined && explains(item)
  );
  // At once, and back at once: later it would take the focus from wherever a person has gone by then.
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement) {
        before.focus({ preventScroll: true });
      }
    };
  }, []);
  if (item === undefined) {
    return null;
  }
  const move = (by: number) => {
    if (at + by >= 0 && at + by < total) {
      props.onMove(at + by);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const ranged = event.target instanceof HTMLInputElement && event.target.type === 'range';
    if (event.key === 'Escape') {
      props.onClose();
    } else if (event.key === 'ArrowLeft' && !ranged) {
      move(-1);
    } else if (event.key === 'ArrowRight' && !ranged) {
      move(1);
    } else if (event.key === 'Tab') {
      hold(event, dialog.current);
      return;
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      class="dlt-zoom"
      role="dialog"
      aria-modal="true"
      aria-labelledby={id}
      aria-describedby={`${id}-keys`}
      tabIndex={-1}
      ref={dialog}
      onKeyDown={onKeyDown}
    >
      <div class="dlt-settings">
        <h4 id={id}>{words.example(item.index)}</h4>
        <span class="dlt-muted" aria-live="polite">
          {words.place(at + 1, total)}
        </span>
        <span class="dlt-spring" />
        <Button label={words.before} kind="quiet" disabled={at === 0} onClick={() => move(-1)} />
        <Button label={words.next} kind="quiet" disabled={at + 1 >= total} onClick={() => move(1)} />
        <Button icon="cross" compact kind="quiet" label={words.close} onClick={props.onClose} />
      </div>
      <p class="dlt-hidden" id={`${id}-keys`}>
        {words.keys}
      </p>
      <div class="dlt-zoom-body">
        {item.image === null ? null : (
          <ExamplePicture
            item={item}
            labels={labels}
            layers={{ ...layers, heatmap: looked.heatmap }}
            label={words.picture(item.index)}
            large
          />
        )}
        <div class="dlt-zoom-text">
          <Facts item={item} words={words} />
          <Controls
            item={item}
            layers={layers}
            shining={looked.heatmap !== null}
            words={words}
            onChange={setLayers}
          />
          {hasLayers(item) ? (
            <ClassLegend
              labels={labels}
              masked={item.mask !== null || item.true_mask !== null}
              label={words.legend}
            />
          ) : null}
          {!explains(item) || checkpoint === null ? null : (
            <Button
              label={looking ? words.notLooked : words.looked}
              busyLabel={words.looking}
              busy={looked.busy}
              pressed={looking}
              kind="quiet"
              onClick={() => setLooking(!looking)}
            />
          )}
          {looked.heatmap === null || checkpoint === null ? null : (
            <p class="dlt-hint">{words.lookedBy(checkpoint.step, checkpoint.epoch)}</p>
          )}
          {looking && looked.error !== null ? (
            <p class="dlt-error" role="alert">
              {looked.error}
            </p>
          ) : null}
        </div>
      </div>
    </div>
  );
}

/** Whether a model can say where it looked: it tells a class of a picture. */
function explains(item: Item): boolean {
  return item.image !== null && item.prediction_class !== null;
}

function Facts({ item, words }: { item: Item; words: EvaluationWords }): JSX.Element {
  const rows: [string, string | null][] = [
    [words.predictionAxis, item.prediction],
    [words.truthAxis, item.truth],
    [words.confidence, item.confidence === null ? null : percent(item.confidence, 1)],
    [words.score, item.score === null ? null : metric(item.score)],
    [words.loss, item.loss === null ? null : metric(item.loss)]
  ];
  return (
    <>
      <dl class="dlt-zoom-facts" data-correct={item.correct}>
        {rows.map(([name, value]) =>
          value === null ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          )
        )}
      </dl>
      {item.top === null ? null : (
        <div class="dlt-top">
          <h5>{words.likely}</h5>
          <Guesses top={item.top} label={words.likely} />
        </div>
      )}
    </>
  );
}

function Controls(props: {
  item: Item;
  layers: Layers;
  shining: boolean;
  words: EvaluationWords;
  onChange: (layers: Layers) => void;
}): JSX.Element | null {
  const { item, layers, shining, words, onChange } = props;
  const toggles: [key: 'mask' | 'trueMask' | 'boxes' | 'trueBoxes', label: string, there: boolean][] = [
    ['mask', words.masks, item.mask !== null],
    ['trueMask', words.trueMasks, item.true_mask !== null],
    ['boxes', words.boxes, item.boxes !== null],
    ['trueBoxes', words.trueBoxes, item.true_boxes !== null]
  ];
  const there = toggles.filter(([, , some]) => some);
  const opaque = shining || item.mask !== null || item.true_mask !== null;
  return there.length === 0 && !opaque ? null : (
    <fieldset class="dlt-overlays">
      <legend>{words.layers}</legend>
      {there.map(([key, label]) => (
        <label key={key}>
          <input
            type="checkbox"
            checked={layers[key]}
            onChange={event => onChange({ ...layers, [key]: event.currentTarget.checked })}
          />
          {label}
        </label>
      ))}
      {opaque ? (
        <Amount
          label={words.opacity}
          value={layers.opacity}
          onChange={opacity => onChange({ ...layers, opacity })}
        />
      ) : null}
      {item.boxes === null ? null : (
        <Amount label={words.least} value={layers.least} onChange={least => onChange({ ...layers, least })} />
      )}
    </fieldset>
  );
}

/** Something between nothing and all. */
function Amount(props: { label: string; value: number; onChange: (value: number) => void }): JSX.Element {
  const id = useUniqueId();
  return (
    <span class="dlt-smooth">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        type="range"
        min="0"
        max="1"
        step="0.05"
        value={props.value}
        aria-valuetext={percent(props.value)}
        onInput={event => props.onChange(Number(event.currentTarget.value))}
      />
    </span>
  );
}

/** Keeps the Tab key inside an element. */
function hold(event: KeyboardEvent, element: HTMLElement | null): void {
  const stops = [...(element?.querySelectorAll<HTMLElement>('button, input') ?? [])];
  const [first, last] = [stops[0], stops.at(-1)];
  const { activeElement } = document;
  const inside = stops.includes(activeElement as HTMLElement);
  if (event.shiftKey ? activeElement === first || !inside : activeElement === last || !inside) {
    event.preventDefault();
    event.stopPropagation();
    (event.shiftKey ? last : first)?.focus();
  }
}
