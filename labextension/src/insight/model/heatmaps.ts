import { useEffect, useState } from 'preact/hooks';
import { message } from '../../model/run-model';
import type { InsightClient } from '../contract';
import type { Heatmaps } from './answers';
import { perRun } from './per-run';

/** So many are kept; they are small. */
const KEPT = 500;

export interface Looked {
  heatmap: string | null;
  busy: boolean;
  error: string | null;
}

const keptOf = perRun(() => new Map<string, string>());

/** Where the model of a checkpoint (by its step) looked in an example, computed when it is asked for the first time. */
export function useHeatmap(
  client: InsightClient,
  index: number,
  checkpoint: number,
  wanted: boolean
): Looked {
  const known = keptOf(client);
  const key = `${checkpoint} ${index}`;
  const [, draw] = useState(0);
  const [failed, setFailed] = useState<{ key: string; error: string } | null>(null);
  useEffect(() => {
    if (!wanted || known.has(key)) {
      return undefined;
    }
    let over = false;
    client.act('heatmaps', { checkpoint, index: [index] }).then(
      answer => {
        for (const item of (answer as Heatmaps).items) {
          known.set(`${checkpoint} ${item.index}`, item.heatmap);
        }
        for (const oldest of [...known.keys()].slice(0, Math.max(0, known.size - KEPT))) {
          known.delete(oldest);
        }
        if (!over) {
          draw(times => times + 1);
        }
      },
      (error: unknown) => over || setFailed({ key, error: message(error) })
    );
    return () => {
      over = true;
    };
  }, [client, known, key, wanted, checkpoint, index]);
  const error = failed?.key === key ? failed.error : null;
  const heatmap = wanted ? (known.get(key) ?? null) : null;
  return { heatmap, busy: wanted && heatmap === null && error === null, error };
}
