import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { useUniqueId } from '../panel/hooks';
import { StudioIcon } from '../studio/icons';
import { useWords } from '../words/words';
import type { Form } from './contract';
import type { LayerKind } from './rows';

interface PaletteProps {
  kinds: readonly LayerKind[] | null;
  /** What samples look like, so that what suits them comes first. */
  form: Form | null;
  onAdd: (kind: LayerKind) => void;
  onPointerDown: (event: PointerEvent, kind: LayerKind) => void;
}

const ORDER = ['features', 'values', 'pooling', 'shape', 'sequence'];
const OTHERS = 'others';

/** The layers there are, to be added. */
export function Palette({ kinds, form, onAdd, onPointerDown }: PaletteProps): JSX.Element {
  const said = useWords().builder;
  const [typed, setTyped] = useState('');
  const [reachable, setReachable] = useState<string | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const prefix = useUniqueId();
  const wanted = typed.trim().toLowerCase().replaceAll(' ', '_');
  const found = (kinds ?? []).filter(
    ({ name, description }) =>
      name.includes(wanted) || description.toLowerCase().includes(typed.trim().toLowerCase())
  );
  // What is called so comes before what only says so.
  const ranked = wanted === '' ? found : found.toSorted((a, b) => rank(a, wanted) - rank(b, wanted));
  const first = ranked.some(({ name }) => name === reachable)
    ? reachable
    : (grouped(ranked, form)[0]?.kinds[0]?.name ?? null);

  const go = (event: KeyboardEvent, by: number) => {
    const buttons = [...(list.current?.querySelectorAll<HTMLButtonElement>('button') ?? [])];
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const next = buttons[Math.max(0, Math.min(buttons.length - 1, at + by))];
    event.preventDefault();
    setReachable(next?.dataset.kind ?? null);
    next?.focus();
  };

  return (
    <div class="dlt-palette" role="group" aria-label={said.palette}>
      <label class="dlt-palette-find">
        <StudioIcon name="search" />
        <input
          class="dlt-input"
          type="text"
          data-own-undo
          value={typed}
          placeholder={said.find}
          aria-label={said.find}
          autocomplete="off"
          spellcheck={false}
          onInput={event => setTyped(event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key === 'Enter') {
              event.preventDefault();
              const [best] = ranked;
              if (best !== undefined && wanted !== '') {
                onAdd(best);
                setTyped('');
              }
            } else if (event.key === 'ArrowDown') {
              go(event, 1);
            } else if (event.key === 'Escape' && typed !== '') {
              event.stopPropagation();
              setTyped('');
            }
          }}
        />
      </label>
      <div
        ref={list}
        class="dlt-palette-kinds"
        role="toolbar"
        aria-label={said.palette}
        aria-orientation="vertical"
        onKeyDown={event => {
          const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -1e6, End: 1e6 }[
            event.key
          ];
          if (by !== undefined) {
            go(event, by);
          }
        }}
      >
        {kinds === null ? <p class="dlt-muted">{said.loadingKinds}</p> : null}
        {kinds !== null && ranked.length === 0 ? <p class="dlt-muted">{said.nothingFound}</p> : null}
        {grouped(ranked, form).map(({ tag, kinds: members }) => (
          <div key={tag} role="group" aria-labelledby={`${prefix}-${tag}`}>
            <p class="dlt-palette-group" id={`${prefix}-${tag}`}>
              {said.groups[tag]}
            </p>
            {members.map(kind => (
              <button
                key={kind.name}
                type="button"
                class="dlt-palette-kind"
                data-kind={kind.name}
                title={kind.description}
                tabIndex={kind.name === first ? 0 : -1}
                onClick={() => {
                  setReachable(kind.name);
                  onAdd(kind);
                }}
                onPointerDown={event => onPointerDown(event, kind)}
              >
                {kind.name}
              </button>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

const rank = ({ name }: LayerKind, wanted: string) =>
  name.startsWith(wanted) ? 0 : name.includes(wanted) ? 1 : 2;

/** By what they do: what suits the data first, and what nobody has sorted last. */
function grouped(kinds: readonly LayerKind[], form: Form | null): { tag: string; kinds: LayerKind[] }[] {
  const order = form === 'sequence' || form === 'tokens' ? ['sequence', ...ORDER] : ORDER;
  const tagOf = ({ tags }: LayerKind) => tags?.find(tag => ORDER.includes(tag)) ?? OTHERS;
  return [...new Set([...order, OTHERS])]
    .map(tag => ({ tag, kinds: kinds.filter(kind => tagOf(kind) === tag) }))
    .filter(group => group.kinds.length > 0);
}
