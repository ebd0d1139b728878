import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { FormClient, Parts } from '../form/contract';
import { useLeft } from './use-left';

/** The kind that is asked for when somebody comes to a view, since it tells of the plug-in folder as any other does. */
const FIRST = 'models';

export interface Offered {
  /** Lists the parts of a kind as they are by now. */
  of: (kind: string) => Promise<Parts>;
  /** What of the plug-in folder can't be used. */
  problems: string[];
  /** Looks at the plug-in folder again. */
  look: () => void;
}

/** The parts that can be named, read anew whenever they are offered: files come and go while a view is open. */
export function useParts(client: FormClient): Offered {
  const [problems, setProblems] = useState<string[]>([]);
  const left = useLeft();
  const asking = useRef(new Map<string, Promise<Parts>>());
  const of = useCallback(
    async (kind: string) => {
      const found = asking.current.get(kind) ?? client.parts(kind).finally(() => asking.current.delete(kind));
      asking.current.set(kind, found);
      const parts = await found;
      if (!left.current) {
        setProblems(known => (known.join('\n') === parts.problems.join('\n') ? known : parts.problems));
      }
      return parts;
    },
    [client, left]
  );
  // Whoever can't be reached says nothing of plug-ins; the check below says that.
  const look = useCallback(() => void of(FIRST).catch(() => undefined), [of]);
  useEffect(look, [look]);
  return { of, problems, look };
}
