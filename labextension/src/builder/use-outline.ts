import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import type { Connection } from '../contract';
import { message } from '../model/run-model';
import { share } from '../model/share';
import type { Settings } from '../model/yaml-document';
import type { Assumed, Followed, Layer, OutlineClient } from './contract';

/** Editing must rest so long before the layers are followed; most answers come sooner than another key. */
const REST_MS = 120;
const ASKED_OF = ['model', 'data', 'preprocessing', 'validation'];

export interface UsedOutline {
  /** The last answer, which may be of other layers than those there are now; `null` before the first. */
  outline: Followed | null;
  /** Why nobody could follow the layers there are now. */
  failed: string | null;
  /** What a person says that goes in. */
  assumed: Assumed | null;
  assume: (assumed: Assumed | null) => void;
}

interface Client extends Partial<OutlineClient> {
  onConnection(callback: (connection: Connection) => void): () => void;
}

/**
 * The layers of a configuration's model, followed while one edits them.
 *
 * @param settings the configuration; `null` where its model isn't made of layers, or it doesn't parse
 * @param layers those of its model, written out where it names a preset
 */
export function useOutline(client: Client, settings: Settings | null, layers: readonly Layer[]): UsedOutline {
  const [outline, setOutline] = useState<Followed | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [assumed, assume] = useState<Assumed | null>(null);
  const [breaks, countBreak] = useReducer<number, void>(count => count + 1, 0);
  const missed = useRef(false);
  // Whoever is silent while it looks at much data is no break, and would be asked for ever.
  useEffect(
    () => client.onConnection(now => now === 'connected' && missed.current && countBreak()),
    [client]
  );
  const asked = useAsked(settings);
  const first = useRef(true);
  const newest = useRef(layers);
  newest.current = layers;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what couldn't be followed in a break is asked for after it.
  useEffect(() => {
    if (asked === null || client.outline === undefined) {
      return;
    }
    let overtaken = false;
    const ask = async () => {
      const { current } = newest;
      try {
        const answer = await client.outline?.(asked, assumed ?? undefined);
        if (!overtaken && answer !== undefined) {
          // Lines that say what they said before are the same ones.
          setOutline(known => ({ layers: current, answer: share(known?.answer, answer) }));
          setFailed(null);
          missed.current = false;
        }
      } catch (error) {
        if (!overtaken) {
          setFailed(message(error));
          missed.current = true;
        }
      }
    };
    const timer = setTimeout(() => void ask(), first.current ? 0 : REST_MS);
    first.current = false;
    return () => {
      overtaken = true;
      clearTimeout(timer);
    };
  }, [client, asked, assumed, breaks]);
  return { outline, failed, assumed, assume };
}

/** What the server is to look at; the same object while that says the same. */
function useAsked(settings: Settings | null): Settings | null {
  const text =
    settings === null
      ? null
      : JSON.stringify(
          Object.fromEntries(ASKED_OF.filter(key => key in settings).map(key => [key, settings[key]]))
        );
  return useMemo(() => (text === null ? null : (JSON.parse(text) as Settings)), [text]);
}
