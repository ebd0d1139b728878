import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Icon } from '../panel/icons';
import { useWords } from '../words/words';
import type { Layer, LayerLine } from './contract';
import { kindOf } from './model';
import { countText, shapeText } from './numbers';
import { type LayerKind, summary } from './rows';

interface LayerRowProps {
  id: number;
  layer: Layer;
  name: string;
  kind: LayerKind | null;
  /** What is known of it; `null` if nothing is. */
  line: LayerLine | null;
  selected: boolean;
  /** Whether Tab comes here. */
  reachable: boolean;
  dragged: boolean;
  /** What there is to see of the place above it. */
  gap: GapProps;
}

interface GapProps {
  /** Whether new layers go there. */
  caret: boolean;
  /** Whether what is dragged would fall there. */
  drop: boolean;
}

/** A layer of the stack, in the list of them, below the place above it. What is done to it, the list sees to. */
export function LayerRow(props: LayerRowProps): JSX.Element {
  const { id, layer, name, kind, line, selected, reachable, dragged } = props;
  const { caret, drop } = props.gap;
  const said = useWords().builder;
  // Read anew with each edit of the YAML, most layers say what they said before, and their rows are left alone.
  const text = JSON.stringify(layer);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text says all there is of the layer.
  return useMemo(() => {
    const type = kindOf(layer);
    const settings = summary(layer, kind);
    const shape = line?.gives == null ? null : shapeText(line.gives);
    const parameters =
      line === null || shape === null
        ? ''
        : line.parameters === 0
          ? said.learnsNothing
          : said.parameters(countText(line.parameters));
    const problems = (line?.problems ?? []).map(problem => problem.message);
    const spoken = [
      name === type ? name : `${name}, ${type}`,
      settings,
      shape === null ? '' : said.gives(shape),
      parameters,
      ...problems
    ];
    // The name of an option is all it says, in an order for the ear; what stands there for the eye says it no second time.
    return (
      <>
        <Gap caret={caret} drop={drop} />
        <div
          role="option"
          class="dlt-built"
          data-layer={id}
          data-bad={problems.length > 0}
          data-dragged={dragged}
          aria-selected={selected}
          tabIndex={reachable ? 0 : -1}
        >
          <span class="dlt-hidden">{spoken.filter(part => part !== '').join(', ')}</span>
          <span class="dlt-built-grip" data-grip title={said.drag} aria-hidden="true">
            <svg viewBox="0 0 8 14" aria-hidden="true">
              <path d="M2 2h.01M6 2h.01M2 7h.01M6 7h.01M2 12h.01M6 12h.01" />
            </svg>
          </span>
          <span class="dlt-built-what" aria-hidden="true">
            <b class="dlt-built-name">{name}</b>
            {name.replace(/\d+$/, '') === type ? null : <span class="dlt-built-kind">{type}</span>}
            <span class="dlt-built-summary">{settings}</span>
          </span>
          <span class="dlt-built-shape" aria-hidden="true">
            {shape ?? '–'}
          </span>
          <span
            class="dlt-built-parameters"
            aria-hidden="true"
            title={parameters === '' ? undefined : parameters}
          >
            {line === null || shape === null ? '' : countText(line.parameters)}
          </span>
          {problems.length === 0 ? null : (
            <span class="dlt-built-problem" aria-hidden="true">
              <Icon name="warning" />
              <span>{problems.join(' ')}</span>
            </span>
          )}
        </div>
      </>
    );
  }, [id, text, name, kind, line, selected, reachable, dragged, caret, drop, said]);
}

/** Between two layers: a click says that new ones go there. */
export function Gap({ caret, drop }: GapProps): JSX.Element {
  const said = useWords().builder;
  return (
    <div class="dlt-gap" role="presentation" data-caret={caret} data-drop={drop}>
      <span aria-hidden="true">{caret ? said.insertHere : ''}</span>
    </div>
  );
}
