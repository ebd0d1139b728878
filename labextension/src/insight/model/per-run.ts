import type { InsightClient } from '../contract';

/** Makes something once for each run, so that it is kept while other views are looked at. */
export function perRun<Made>(make: (client: InsightClient) => Made): (client: InsightClient) => Made {
  const made = new WeakMap<InsightClient, { it: Made }>();
  return client => {
    const known = made.get(client) ?? { it: make(client) };
    made.set(client, known);
    return known.it;
  };
}
