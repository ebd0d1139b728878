import { useCallback, useEffect, useState } from 'preact/hooks';
import type { FormClient, FormField } from './contract';

export interface KnownSettings {
  fields: readonly FormField[] | null;
  failed: boolean;
  again: () => void;
}

/** The settings of a run, asked for once, and again after a break. */
export function useSettings(client: FormClient): KnownSettings {
  const [fields, setFields] = useState<readonly FormField[] | null>(null);
  const [failed, setFailed] = useState(false);
  const [tries, setTries] = useState(0);
  const again = useCallback(() => setTries(count => count + 1), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each try asks anew.
  useEffect(() => {
    let left = false;
    setFailed(false);
    client.settings().then(
      found => !left && setFields(found),
      () => !left && setFailed(true)
    );
    return () => {
      left = true;
    };
  }, [client, tries]);
  const missing = fields === null;
  useEffect(
    () => (missing ? client.onConnection(now => now === 'connected' && again()) : undefined),
    [client, missing, again]
  );
  return { fields, failed, again };
}
