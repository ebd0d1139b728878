import type { JSX } from 'preact';
import { useCallback, useMemo, useRef, useState } from 'preact/hooks';
import type { Memory } from '../contract';
import type { Path } from '../model/yaml-document';
import { sourceAt, textAt } from '../model/yaml-document';
import { Button } from '../panel/button';
import { useChoice, useUniqueId } from '../panel/hooks';
import { useFormWords } from './words';
import type { FieldProblem } from './contract';
import { Sections } from './sections';
import { type Surroundings, SurroundingsContext } from './surroundings';
import { Toolbar } from './toolbar';
import type { Edits } from './use-edits';
import type { LiveDocument } from './use-document';
import type { PartLists } from './use-part-lists';
import type { KnownSettings } from './use-settings';

interface FormPaneProps {
  settings: KnownSettings;
  document: LiveDocument;
  edits: Edits;
  lists: PartLists;
  memory: Memory;
  problems: readonly FieldProblem[];
  wrong: readonly Path[];
  framework: string | null;
  onDraft: (id: string, held: boolean) => void;
  instead: Surroundings['instead'];
}

/** The form itself: what is looked for, and the settings under their headings. */
export function FormPane(props: FormPaneProps): JSX.Element {
  const { settings, document, edits, lists, memory, problems, framework, onDraft, instead } = props;
  const form = useFormWords();
  const id = useUniqueId();
  const [advanced, setAdvanced] = useChoice(memory, 'form-advanced', false);
  const [search, setSearch] = useState('');
  const wanted = search.trim().toLowerCase();
  const searching = wanted !== '';
  const read = useRef(document);
  read.current = document;
  const sourceOf = useCallback((path: Path) => sourceAt(read.current.document, path), []);
  const textOf = useCallback((path: Path) => textAt(read.current, path), []);
  const { onChange, onRemove } = edits;
  const disabled = !document.current;
  const around = useMemo<Surroundings>(
    () => ({
      id,
      disabled,
      // What is found may be what few people change, however deep it stands.
      advanced: advanced || searching,
      problems,
      framework,
      parts: lists.known,
      sourceOf,
      textOf,
      onDraft,
      onChange,
      onRemove,
      ...(instead === undefined ? {} : { instead })
    }),
    [
      id,
      disabled,
      advanced,
      searching,
      problems,
      framework,
      lists.known,
      sourceOf,
      textOf,
      onDraft,
      onChange,
      onRemove,
      instead
    ]
  );
  if (settings.fields === null) {
    return (
      <div class="dlt-form-note">
        <p role="status">{settings.failed ? form.unread : form.waiting}</p>
        {settings.failed ? <Button label={form.again} onClick={settings.again} /> : null}
      </div>
    );
  }
  return (
    <SurroundingsContext.Provider value={around}>
      <Toolbar search={search} onSearch={setSearch} advanced={advanced} onAdvanced={setAdvanced} />
      {disabled ? (
        <p class="dlt-form-note dlt-form-stopped" role="status">
          {form.unparsed}
        </p>
      ) : null}
      <Sections
        fields={settings.fields}
        values={document.values}
        memory={memory}
        search={wanted}
        wrong={props.wrong}
      />
    </SurroundingsContext.Provider>
  );
}
