import { useCallback, useState } from 'preact/hooks';

const NONE: ReadonlySet<string> = new Set();

/** Which fields hold a text that can't be written down. */
export function useDrafts(): { any: boolean; onDraft: (draft: string, held: boolean) => void } {
  const [drafts, setDrafts] = useState(NONE);
  const onDraft = useCallback((draft: string, held: boolean) => {
    setDrafts(known => {
      if (known.has(draft) === held) {
        return known;
      }
      const next = new Set(known);
      if (held) {
        next.add(draft);
      } else {
        next.delete(draft);
      }
      return next;
    });
  }, []);
  return { any: drafts.size > 0, onDraft };
}
