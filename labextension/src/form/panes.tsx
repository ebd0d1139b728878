import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import '../styles/run-form.css';
import { Tabs } from '../panel/tabs';
import { useFormWords } from './words';

/** Pixels from which on the form and the YAML stand side by side. */
const SIDE_BY_SIDE = 800;

export type Pane = 'form' | 'yaml';

/** Form and YAML: side by side where there is room for both, else one at a time. Both stay as they are when hidden. */
export function Panes(props: {
  prefix: string;
  form: ComponentChildren;
  yaml: ComponentChildren;
  shown: Pane;
  onShow: (pane: Pane) => void;
}): JSX.Element {
  const { prefix, shown, onShow } = props;
  const form = useFormWords();
  const root = useRef<HTMLDivElement>(null);
  const [narrow, setNarrow] = useState(false);
  useLayoutEffect(() => {
    const { current } = root;
    const measure = () => {
      const width = current?.clientWidth ?? 0;
      // What isn't shown at all has no width.
      if (width > 0) {
        setNarrow(width < SIDE_BY_SIDE);
      }
    };
    const observer = new ResizeObserver(measure);
    measure();
    if (current !== null) {
      observer.observe(current);
    }
    return () => observer.disconnect();
  }, []);
  const pane = (id: Pane, label: string, children: ComponentChildren) => (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: both roles take a name.
    <div
      key={id}
      class={`dlt-pane dlt-pane-${id}`}
      id={`${prefix}-${id}`}
      role={narrow ? 'tabpanel' : 'region'}
      aria-label={label}
      hidden={narrow && shown !== id}
    >
      {children}
    </div>
  );
  return (
    <div class="dlt-panes" data-narrow={narrow} ref={root}>
      {narrow ? (
        <Tabs
          tabs={[
            { id: 'form', label: form.form },
            { id: 'yaml', label: form.yaml }
          ]}
          selected={shown}
          prefix={prefix}
          bodies
          label={form.views}
          onSelect={onShow}
        />
      ) : null}
      {pane('form', form.label, props.form)}
      {pane('yaml', form.yaml, props.yaml)}
    </div>
  );
}
