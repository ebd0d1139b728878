import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import '../styles/live-settings.css';
import type { LiveSetting } from '../contract';
import type { RunModel } from '../model/run-model';
import { Button } from '../panel/button';
import { useUniqueId } from '../panel/hooks';
import { useWords } from '../words/words';

/** Reads what was typed: `null` for nothing, where a setting can be taken away; `undefined` if it is no value. */
export function parseSetting(text: string, { whole, optional }: LiveSetting): number | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') {
    return optional ? null : undefined;
  }
  const value = Number(trimmed);
  return value > 0 && Number.isFinite(value) && (!whole || Number.isSafeInteger(value)) ? value : undefined;
}

const written = (value: number | null) => (value === null ? '' : String(value));

/** Changes settings of a live run, all at the same step; those that are left as they are aren't sent. */
export function LiveSettings(props: {
  model: RunModel;
  settings: LiveSetting[];
  onDone: () => void;
}): JSX.Element {
  const { model, settings, onDone } = props;
  const { live: said, actions } = useWords();
  const [typed, setTyped] = useState<Record<string, string>>({});
  const id = useUniqueId();
  const rows = settings.map(setting => {
    const text = typed[setting.key] ?? written(setting.value);
    return { ...setting, text, wanted: parseSetting(text, setting) };
  });
  const changes = rows.filter(({ wanted, value }) => wanted !== value);
  const ready = changes.length > 0 && changes.every(({ wanted }) => wanted !== undefined);
  const submit = async () => {
    if (ready && (await model.steer('set', Object.fromEntries(changes.map(it => [it.key, it.wanted]))))) {
      onDone();
    }
  };
  return (
    <form
      class="dlt-live-settings"
      aria-labelledby={`${id}-title`}
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
      onKeyDown={event => {
        // What is around it has shortcuts on plain digits.
        event.stopPropagation();
        if (event.key === 'Escape') {
          onDone();
        }
      }}
    >
      <p id={`${id}-title`}>
        <strong>{said.title}</strong> <span class="dlt-muted">{said.hint}</span>
      </p>
      <div class="dlt-live-fields">
        {rows.map(({ key, text, wanted, optional, whole }) => (
          <div key={key}>
            <label for={`${id}-${key}`}>{said.names[key] ?? key}</label>
            <input
              id={`${id}-${key}`}
              name={key}
              class="dlt-input"
              title={key}
              value={text}
              size={8}
              placeholder={optional ? said.never : undefined}
              inputMode={whole ? 'numeric' : 'decimal'}
              autocomplete="off"
              spellcheck={false}
              aria-invalid={wanted === undefined}
              aria-describedby={wanted === undefined ? `${id}-${key}-hint` : undefined}
              onInput={event => setTyped({ ...typed, [key]: event.currentTarget.value })}
            />
            {wanted === undefined ? (
              <span class="dlt-hint" id={`${id}-${key}-hint`} data-bad>
                {whole ? said.whole : said.number}
              </span>
            ) : null}
          </div>
        ))}
      </div>
      <div class="dlt-live-actions">
        <Button label={actions.set} kind="primary" disabled={!ready} onClick={() => void submit()} />
        <Button label={actions.cancel} onClick={onDone} />
      </div>
    </form>
  );
}
