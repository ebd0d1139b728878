import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Presets } from '../form/contract';
import { useWords } from '../words/words';
import type { Form, Layer } from './contract';
import { kindOf } from './model';

interface StartersProps {
  starters: Presets;
  form: Form | null;
  onChoose: (label: string, layers: Layer[]) => void;
}

/** Which list of layers suits which samples. */
const SUITING: Record<Form, string> = {
  values: 'table',
  image: 'image',
  sequence: 'sequence',
  tokens: 'text'
};

/** Lists of layers to begin with, the one that suits the data first. */
export function Starters({ starters, form, onChoose }: StartersProps): JSX.Element {
  const said = useWords().builder;
  const suiting = form === null ? null : SUITING[form];
  const all = Object.entries(starters).flatMap(([name, { layers }]) =>
    Array.isArray(layers) ? [{ name, layers: layers as Layer[] }] : []
  );
  // What comes to be known later is marked; nothing changes its place under a pointer.
  const [first] = useState(suiting);
  const sorted = all.toSorted((a, b) => Number(b.name === first) - Number(a.name === first));
  return (
    <div class="dlt-starters">
      <p class="dlt-empty-title">{said.emptyTitle}</p>
      <p class="dlt-muted">{said.empty}</p>
      <ul>
        {sorted.map(({ name, layers }) => {
          const label = said.starters[name] ?? name;
          return (
            <li key={name}>
              <button
                type="button"
                class="dlt-starter"
                data-suits={name === suiting}
                onClick={() => onChoose(label, layers)}
              >
                <b>{label}</b>
                {name === suiting ? <span class="dlt-starter-suits">{said.suits}</span> : null}
                <span class="dlt-muted">{layers.map(kindOf).join(' → ')}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
