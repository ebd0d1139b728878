import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import '../styles/builder.css';
import type { Presets } from '../form/contract';
import { historyKey } from '../model/history-key';
import { Button } from '../panel/button';
import { Icon } from '../panel/icons';
import { useWords } from '../words/words';
import type { Assumed, Followed, Layer } from './contract';
import { Entrance } from './entrance';
import { LayerList } from './layer-list';
import { LayerSettings } from './layer-settings';
import { kindOf } from './model';
import { countText, memoryText, shapeText } from './numbers';
import { Palette } from './palette';
import { type LayerKind, knownLines, useLong } from './rows';
import { Starters } from './starters';
import { type Dragged, useDrag } from './use-drag';
import { useStack } from './use-stack';

export type { LayerKind } from './rows';

export interface BuilderProps {
  /** As they stand in YAML, which is the truth: what is edited here comes back from there. */
  layers: readonly Layer[];
  onLayers: (layers: Layer[]) => void;
  /** The kinds of layers there are; `null` until that is known. */
  kinds: readonly LayerKind[] | null;
  /** Lists of layers to begin with: the presets of the model that is made of layers. */
  starters?: Presets;
  outline: Followed | null;
  /** Why nobody could follow the layers. */
  failed: string | null;
  /** What a person says that goes in, where the data doesn't tell. */
  assumed?: Assumed | null;
  onAssume?: (assumed: Assumed | null) => void;
  /** Whoever keeps the YAML takes back the last edit of it. */
  onUndo: () => void;
  onRedo: () => void;
}

/** How long old numbers stand before they are marked as such. */
const LATE_MS = 300;

const NO_STARTERS: Presets = {};

/** Builds a model of layers by eye: each with its settings, what it gives, and what is wrong with it. */
export function Builder(props: BuilderProps): JSX.Element {
  const { layers, kinds, outline, failed, onUndo, onRedo } = props;
  const said = useWords().builder;
  const root = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const ghost = useRef<HTMLDivElement>(null);
  const focusWanted = useRef(false);
  const stack = useStack(layers, props.onLayers);
  const byName = useMemo(() => new Map((kinds ?? []).map(kind => [kind.name, kind])), [kinds]);
  const { lines, end, stale } = knownLines(layers, outline);
  // Most answers come so soon that nothing need fade.
  const late = useLong(stale, LATE_MS);
  const { drag, begin } = useDrag({
    list,
    ghost,
    onDrop: (dragged, at) => drop(dragged, at),
    onDropNowhere: () => stack.say(said.dropped)
  });
  const drop = (dragged: Dragged, at: number) => {
    if (dragged.what === 'layer') {
      stack.move(dragged.at, at > dragged.at ? at - 1 : at);
      focusWanted.current = true;
      return;
    }
    const kind = byName.get(dragged.kind);
    if (kind !== undefined) {
      stack.add(kind, at);
    }
  };
  useLayoutEffect(() => {
    // Not before what was edited has come back.
    if (focusWanted.current && (stack.selected >= 0 || layers.length === 0)) {
      focusWanted.current = false;
      const row = list.current?.querySelector<HTMLElement>('[aria-selected=true]');
      (row ?? root.current?.querySelector<HTMLElement>('.dlt-palette .dlt-input'))?.focus();
    }
  });

  const { selected } = stack;
  const chosen = layers[selected];
  const answer = outline?.answer ?? null;
  const form = answer?.form ?? null;
  const wrong = stale ? 0 : lines.filter(line => line !== null && line.problems.length > 0).length;
  // The row that has the focus may go.
  const keepFocus = () => {
    focusWanted.current = list.current?.contains(document.activeElement) === true;
  };
  const undo = () => {
    keepFocus();
    onUndo();
    stack.say(said.undone);
  };
  const redo = () => {
    keepFocus();
    onRedo();
    stack.say(said.redone);
  };
  return (
    <div
      ref={root}
      class="dlt-builder"
      role="group"
      aria-label={said.label}
      onKeyDown={event => {
        const what = historyKey(event);
        if (what !== null) {
          event.preventDefault();
          event.stopPropagation();
          (what === 'undo' ? undo : redo)();
        }
      }}
    >
      <div class="dlt-builder-bar">
        <Button icon="reset" label={said.undo} kind="quiet" compact onClick={undo} />
        <Button icon="reset" label={said.redo} kind="quiet" compact class="dlt-redo" onClick={redo} />
        <Foot
          parameters={answer?.parameters ?? null}
          nothing={layers.length === 0}
          stale={late}
          wrong={wrong}
          failed={failed}
          unknown={answer?.input_shape == null}
        />
      </div>
      <div class="dlt-builder-body" data-empty={layers.length === 0}>
        <details class="dlt-builder-palette" open>
          <summary>{said.palette}</summary>
          <Palette
            kinds={kinds}
            form={form}
            onAdd={kind => stack.add(kind)}
            onPointerDown={(event, kind) => begin(event, { what: 'kind', kind: kind.name })}
          />
        </details>
        <div class="dlt-stack">
          <div class="dlt-stack-scroll" data-stale={late}>
            <Entrance answer={answer} assumed={props.assumed ?? null} onAssume={props.onAssume} />
            {layers.length === 0 ? (
              <div ref={list} class="dlt-stack-list" data-drop={drag?.at === 0}>
                <Starters
                  starters={props.starters ?? NO_STARTERS}
                  form={form}
                  onChoose={(label, begun) => {
                    stack.begin(label, begun);
                    focusWanted.current = true;
                  }}
                />
              </div>
            ) : (
              <LayerList
                list={list}
                layers={layers}
                lines={lines}
                kinds={byName}
                stack={stack}
                drag={drag}
                onPointerDown={begin}
                onSettings={() =>
                  root.current
                    ?.querySelector<HTMLElement>('.dlt-built-settings :is(input, select):not(:disabled)')
                    ?.focus()
                }
                onFocus={() => {
                  focusWanted.current = true;
                }}
              />
            )}
            {end === null || layers.length === 0 ? null : (
              <div class="dlt-stack-end">
                <span class="dlt-built-what">
                  <b>{end.name}</b>
                  <span class="dlt-built-summary">{said.added}</span>
                </span>
                <span class="dlt-built-shape">{end.gives === null ? '–' : shapeText(end.gives)}</span>
                <span class="dlt-built-parameters">{countText(end.parameters)}</span>
                {end.problems.map(({ message }) => (
                  <span key={message} class="dlt-built-problem">
                    <Icon name="warning" />
                    <span>{message}</span>
                  </span>
                ))}
              </div>
            )}
          </div>
        </div>
        {layers.length === 0 ? null : chosen === undefined ? (
          <p class="dlt-built-settings dlt-muted">{said.chooseOne}</p>
        ) : (
          <LayerSettings
            key={stack.ids[selected]}
            layer={chosen}
            name={stack.names[selected] ?? ''}
            kind={byName.get(kindOf(chosen)) ?? null}
            waiting={kinds === null}
            problems={stale ? NO_PROBLEMS : (lines[selected]?.problems ?? NO_PROBLEMS)}
            first={selected === 0}
            last={selected === layers.length - 1}
            onSettings={settings => stack.configure(selected, settings)}
            onName={name => stack.rename(selected, name)}
            onMove={by => stack.move(selected, selected + by)}
            onDuplicate={() => stack.duplicate(selected)}
            onRemove={() => {
              stack.remove(selected);
              focusWanted.current = true;
            }}
          />
        )}
      </div>
      <div ref={ghost} class="dlt-built-ghost" hidden={drag === null} aria-hidden="true">
        {drag === null ? '' : drag.dragged.what === 'kind' ? drag.dragged.kind : stack.names[drag.dragged.at]}
      </div>
      <p class="dlt-hidden" role="status">
        <span key={stack.said.number}>{stack.said.text}</span>
      </p>
    </div>
  );
}

const NO_PROBLEMS: [] = [];

interface FootProps {
  parameters: number | null;
  /** Whether there is no layer. */
  nothing: boolean;
  stale: boolean;
  wrong: number;
  failed: string | null;
  unknown: boolean;
}

/** What all layers come to, or why that isn't known. */
function Foot({ parameters, nothing, stale, wrong, failed, unknown }: FootProps): JSX.Element {
  const said = useWords().builder;
  if (failed !== null) {
    return (
      <span class="dlt-builder-total" data-bad="true">
        <Icon name="warning" /> {said.unfollowed(failed)}
      </span>
    );
  }
  if (parameters === null) {
    return <span class="dlt-builder-total dlt-muted">{said.following}</span>;
  }
  return (
    <span class="dlt-builder-total" data-stale={stale} data-bad={wrong > 0}>
      {wrong > 0 ? (
        <>
          <Icon name="warning" /> {said.wrong(wrong)}
        </>
      ) : unknown || nothing ? null : (
        said.total(countText(parameters), memoryText(parameters))
      )}
    </span>
  );
}
