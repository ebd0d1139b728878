import { useCallback, useRef, useState } from 'preact/hooks';
import type { Path } from '../model/yaml-document';
import { applied, edited } from '../model/yaml-edit';
import type { FieldHandle } from '../studio/yaml-field';

export interface Edits {
  /** The text as it is drawn. */
  text: string;
  onText: (text: string) => void;
  onChange: (path: Path, value: unknown, source?: string) => void;
  onRemove: (path: Path) => void;
}

/**
 * The text of a configuration, and changes of it by a form. One change may follow another before anything was drawn, so
 * the text as it is now is kept beside the one that is drawn.
 *
 * @param order of the settings, for a new one's place
 */
export function useEdits(
  first: string,
  field: { current: FieldHandle | null },
  order: readonly string[],
  told?: (text: string) => void
): Edits {
  const [text, setText] = useState(() => withPlainBreaks(first));
  const now = useRef(text);
  const known = useRef({ order, told });
  known.current = { order, told };
  const onText = useCallback((given: string) => {
    const next = withPlainBreaks(given);
    now.current = next;
    setText(next);
    known.current.told?.(next);
  }, []);
  const onChange = useCallback(
    (path: Path, value: unknown, source?: string) => {
      const edits = edited(now.current, { path, value, source, order: known.current.order });
      if (edits !== null && edits.length > 0) {
        field.current?.edit(edits, applied(now.current, edits));
      }
    },
    [field]
  );
  const onRemove = useCallback((path: Path) => onChange(path, undefined), [onChange]);
  return { text, onText, onChange, onRemove };
}

/** Line breaks as editors count them, one character each: places in a text must be the same for both. */
const withPlainBreaks = (text: string) => text.replace(/\r\n?/g, '\n');
