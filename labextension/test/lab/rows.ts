import type { RunState } from '../../src/contract';
import type { RunRow } from '../../src/studio/contract';

/** A run in a list, in some state. */
export function row(id: string, state: RunState, changes: Partial<RunRow> = {}): RunRow {
  return {
    id,
    number: 1,
    name: `run-${id}`,
    state,
    framework: 'pytorch',
    executor: 'process',
    device: 'cpu',
    host: 'here',
    epoch: 1,
    epochs: 2,
    step: 10,
    fraction: 0.5,
    steps_per_second: null,
    seconds_left: null,
    monitor: 'val_accuracy',
    mode: 'max',
    best: null,
    spark: [],
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    allowed: [],
    error: null,
    ...changes
  };
}
