import type { JSX } from 'preact';
import { useFormWords } from './words';

/** Above a form: what is looked for, and whether everything is shown. */
export function Toolbar(props: {
  search: string;
  onSearch: (search: string) => void;
  advanced: boolean;
  onAdvanced: (advanced: boolean) => void;
}): JSX.Element {
  const form = useFormWords();
  return (
    <div class="dlt-form-toolbar">
      <input
        type="search"
        class="dlt-input"
        data-own-undo
        placeholder={form.search}
        aria-label={form.search}
        value={props.search}
        autocomplete="off"
        spellcheck={false}
        onInput={event => props.onSearch(event.currentTarget.value)}
        onKeyDown={event => {
          if (event.key === 'Escape' && props.search !== '') {
            event.stopPropagation();
            props.onSearch('');
          }
        }}
      />
      <label class="dlt-field-switch">
        <input
          type="checkbox"
          class="dlt-field-check"
          checked={props.advanced}
          onChange={event => props.onAdvanced(event.currentTarget.checked)}
        />
        {form.advanced}
      </label>
    </div>
  );
}
