import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { FormClient, Part, Parts } from './contract';

export interface PartLists {
  /** The parts of a kind; `null` until they are known. Asks for them where nobody has. */
  known: (kind: string) => Part[] | null;
  /** Reads anew those that were asked for: plug-ins come and go. */
  refresh: () => void;
}

/** The parts that a form offers, each kind asked for when it is first needed, and again after a break. */
export function usePartLists(client: FormClient, ask: (kind: string) => Promise<Parts>): PartLists {
  const [lists, setLists] = useState<Readonly<Record<string, Part[]>>>({});
  const asked = useRef(new Set<string>());
  // With those that couldn't be read: nothing may be drawn, and so ask for them, until somebody chooses one.
  const wanted = useRef(new Set<string>());
  const left = useRef(false);
  const load = useCallback(
    (kind: string) => {
      asked.current.add(kind);
      wanted.current.add(kind);
      ask(kind).then(
        ({ parts }) => {
          if (!left.current) {
            setLists(known => ({ ...known, [kind]: parts }));
          }
        },
        // Asked again when the server is back; until then the configuration says what it says.
        () => void asked.current.delete(kind)
      );
    },
    [ask]
  );
  const refresh = useCallback(() => {
    for (const kind of wanted.current) {
      load(kind);
    }
  }, [load]);
  useEffect(() => {
    left.current = false;
    return () => {
      left.current = true;
    };
  }, []);
  useEffect(() => client.onConnection(now => now === 'connected' && refresh()), [client, refresh]);
  const known = useCallback(
    (kind: string) => {
      if (!asked.current.has(kind)) {
        load(kind);
      }
      return lists[kind] ?? null;
    },
    [lists, load]
  );
  return { known, refresh };
}
