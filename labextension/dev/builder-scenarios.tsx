import { useState } from 'preact/hooks';
import { Builder, type LayerKind } from '../src/builder/builder';
import type { Followed, Layer, Outline } from '../src/builder/contract';
import type { Presets } from '../src/form/contract';
import { mountView } from '../src/studio/view';
import recorded from './recordings/layers.json';
import type { Show } from './view-scenarios';

/** Made by the server's own functions from the stacks beside them, for samples of shape (3, 32, 32). */
const { kinds, starters, stacks, answers } = recorded as unknown as {
  kinds: LayerKind[];
  starters: Presets;
  stacks: Record<string, Layer[]>;
  answers: Record<string, Outline>;
};

/** The builder of layers in every state; what is edited has old shapes, since nobody follows it. */
export const BUILDERS: Record<string, Show> = {
  'builder-image': show('image'),
  'builder-misfit': show('misfit'),
  'builder-hundred': show('hundred'),
  'builder-empty': show('empty'),
  'builder-unknown': show('image', { answer: 'unknown' }),
  'builder-failed': show('image', { failed: 'The Jupyter server doesn’t answer.' }),
  'builder-waiting': show('image', { waiting: true })
};

interface More {
  answer?: string;
  failed?: string;
  waiting?: boolean;
}

function show(name: string, more: More = {}): Show {
  const { answer, ...rest } = more;
  return (element, host) => {
    mountView(
      element,
      host.language,
      <div class="dlt-card">
        <Kept layers={stacks[name] ?? []} answer={answers[answer ?? name]} {...rest} />
      </div>
    );
  };
}

function Kept(props: { layers: Layer[]; answer: Outline | undefined; failed?: string; waiting?: boolean }) {
  const [history, setHistory] = useState({ all: [props.layers], at: 0 });
  const layers = history.all[history.at] ?? [];
  const outline: Followed | null =
    props.answer === undefined || props.waiting === true
      ? null
      : { layers: props.layers, answer: props.answer };
  const go = (by: number) =>
    setHistory(({ all, at }) => ({ all, at: Math.max(0, Math.min(all.length - 1, at + by)) }));
  return (
    <Builder
      layers={layers}
      onLayers={next => setHistory(({ all, at }) => ({ all: [...all.slice(0, at + 1), next], at: at + 1 }))}
      kinds={props.waiting === true ? null : kinds}
      starters={starters}
      outline={outline}
      failed={props.failed ?? null}
      onAssume={() => undefined}
      onUndo={() => go(-1)}
      onRedo={() => go(1)}
    />
  );
}
