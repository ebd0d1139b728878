import { type JSX, createContext } from 'preact';
import { useContext, useEffect, useMemo } from 'preact/hooks';
import { Builder } from '../builder/builder';
import type { Layer } from '../builder/contract';
import { type Misfit, misfitOf } from '../builder/rows';
import { useOutline } from '../builder/use-outline';
import type { Path, Settings } from '../model/yaml-document';
import type { FormClient, FormField } from './contract';
import { STACK } from './named';
import { useSurroundings } from './surroundings';

/** What the builder of a model's layers needs of the form around it. */
export interface StackPlace {
  client: FormClient;
  /** The configuration as a whole. */
  values: Settings;
  undo: () => void;
  redo: () => void;
  /** Told which layer doesn't fit, and why; `null` once all do. */
  onMisfit: (misfit: Misfit | null) => void;
}

export const StackContext = createContext<StackPlace | null>(null);

/** Puts the builder in the place of the field for the layers of the model, and leaves all other fields as they are. */
export function builderInstead(
  field: FormField,
  path: Path,
  value: unknown,
  fallback: unknown
): JSX.Element | null {
  return field.name === 'layers' && path.join('.') === 'model.layers' ? (
    <InPlace path={path} layers={value ?? fallback} />
  ) : null;
}

const NO_LAYERS: readonly Layer[] = [];

function InPlace({ path, layers }: { path: Path; layers: unknown }): JSX.Element | null {
  const place = useContext(StackContext);
  return place === null ? null : (
    <StackLayers place={place} path={path} layers={Array.isArray(layers) ? layers : NO_LAYERS} />
  );
}

/** The layers of the model: those in the YAML, or of the preset it names, which are written out once one changes them. */
function StackLayers(props: { place: StackPlace; path: Path; layers: readonly Layer[] }): JSX.Element {
  const { place, path, layers } = props;
  const { disabled, onChange, parts } = useSurroundings();
  const { outline, failed, assumed, assume } = useOutline(place.client, place.values, layers);
  const { onMisfit } = place;
  // What a person tries out says nothing of the data that is trained on.
  const counts = failed === null && assumed === null && layers.length > 0;
  const misfit = useMemo(() => (counts ? misfitOf(outline) : null), [counts, outline]);
  useEffect(() => {
    onMisfit(misfit);
    return () => onMisfit(null);
  }, [onMisfit, misfit]);
  const presets = parts('models')?.find(({ name }) => name === STACK)?.presets;
  return (
    <div class="dlt-field-stack" inert={disabled}>
      <Builder
        layers={layers}
        onLayers={next => onChange(path, next)}
        kinds={parts('layers')}
        {...(presets === undefined ? {} : { starters: presets })}
        outline={outline}
        failed={failed}
        assumed={assumed}
        onAssume={assume}
        onUndo={place.undo}
        onRedo={place.redo}
      />
    </div>
  );
}
