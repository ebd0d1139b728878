import type { JSX } from 'preact';
import type { InsightProps } from '../contract';
import { Sides } from '../parts/sides';

/** Two checkpoints of a run against one another. */
export function CompareView({ client, snapshot, language }: InsightProps): JSX.Element {
  const { id, name } = snapshot.run;
  return <Sides candidates={[{ id, label: name, client, snapshot }]} language={language} />;
}
