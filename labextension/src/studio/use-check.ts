import { useEffect, useReducer, useState } from 'preact/hooks';
import { message } from '../model/run-model';
import type { FormClient, Problem } from '../form/contract';

/** Typing must rest so long before what is written is looked at. */
const REST_MS = 350;

export interface Check {
  /** The text these problems are of; `null` before the first answer. */
  text: string | null;
  problems: Problem[];
  /** Why nobody could look at it. */
  failed: string | null;
}

const NOTHING: Problem[] = [];

/** What is wrong in a configuration, looked up while one writes it. */
export function useCheck(client: FormClient, text: string): Check {
  const [check, setCheck] = useState<Check>({ text: null, problems: NOTHING, failed: null });
  const [breaks, countBreak] = useReducer<number, void>(count => count + 1, 0);
  useEffect(() => client.onConnection(now => now === 'connected' && countBreak()), [client]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what couldn't be looked at in a break is looked at after it.
  useEffect(() => {
    let overtaken = false;
    const timer = setTimeout(() => {
      client
        .check(text)
        .then(problems => ({ text, problems, failed: null }))
        .catch((error: unknown) => ({ text, problems: NOTHING, failed: message(error) }))
        .then(answer => {
          if (!overtaken) {
            setCheck(answer);
          }
        });
    }, REST_MS);
    return () => {
      overtaken = true;
      clearTimeout(timer);
    };
  }, [client, text, breaks]);
  return check;
}
