import { useMemo, useRef } from 'preact/hooks';
import { type ReadYaml, readYaml } from '../model/yaml-document';

export interface LiveDocument extends ReadYaml {
  /** Whether this is what the text says now, and not what it said when it last could be read. */
  current: boolean;
}

/** What a text says, as it is typed; where it doesn't parse, what it said before. */
export function useDocument(text: string): LiveDocument {
  const read = useMemo(() => readYaml(text), [text]);
  const last = useRef<ReadYaml | null>(null);
  if (read !== null) {
    last.current = read;
  }
  const good = last.current;
  return useMemo(() => {
    const known = good ?? readYaml('');
    if (known === null) {
      throw new Error('An empty text is a configuration without settings.');
    }
    return { ...known, current: read !== null };
  }, [good, read]);
}
