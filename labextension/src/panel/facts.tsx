import type { JSX } from 'preact';
import type { Snapshot } from '../contract';
import { learningRate, speed } from '../model/format';
import { isMoving } from '../model/situation';

/** Where it trains and how fast. A wide panel has room for it in its header, a narrow one below. */
export function Facts({ snapshot }: { snapshot: Snapshot }): JSX.Element {
  const { run, progress } = snapshot;
  const alive = run.state === 'running' || run.state === 'paused';
  const facts: [string, string | null][] = [
    ['device', run.device],
    [
      'speed',
      isMoving(snapshot) && progress.steps_per_second !== null ? speed(progress.steps_per_second) : null
    ],
    ['rate', alive && progress.learning_rate !== null ? `lr ${learningRate(progress.learning_rate)}` : null],
    ['phase', run.state === 'running' && progress.phase === 'validating' ? 'validating' : null]
  ];
  return (
    <span class="dlt-facts">
      {facts.map(([name, fact]) => (fact === null ? null : <span key={name}>{fact}</span>))}
    </span>
  );
}
