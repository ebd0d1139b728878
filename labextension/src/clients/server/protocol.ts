import type { Curve, Snapshot } from '../../contract';
import type { Resources, RunRow } from '../../studio/contract';

/** What is said over the stream. */
export type Request =
  | { kind: 'watch'; id: string; revision: number | null }
  | { kind: 'unwatch'; id: string }
  | { kind: 'list'; on: boolean }
  | { kind: 'resources'; on: boolean }
  | { kind: 'ping' };

export type Answer =
  | { kind: 'snapshot'; id: string; snapshot: Snapshot }
  | Patch
  | { kind: 'gone'; id: string }
  | { kind: 'rows'; rows: RunRow[]; gone: string[] }
  | { kind: 'resources'; resources: Resources }
  | { kind: 'error'; id?: string; message: string }
  | { kind: 'pong' };

/** What changed in a run between two revisions. */
export interface Patch {
  kind: 'patch';
  id: string;
  since: number;
  revision: number;
  parts: Partial<Snapshot>;
  /** Each series keeps its first `from` points and goes on with these. */
  curves: Record<string, Curve & { from: number }>;
}

/** Reads a message; `null` if it is none of ours. */
export function readAnswer(data: unknown): Answer | null {
  if (typeof data !== 'string') {
    return null;
  }
  const message: unknown = JSON.parse(data);
  return typeof message === 'object' && message !== null && 'kind' in message ? (message as Answer) : null;
}

/** The run after a patch; `null` if the patch is for another revision than this one. */
export function patched(snapshot: Snapshot, { since, revision, parts, curves }: Patch): Snapshot | null {
  if (since !== snapshot.revision) {
    return null;
  }
  const grown = { ...snapshot.curves };
  for (const [name, { from, steps, values }] of Object.entries(curves)) {
    const old = grown[name] ?? { steps: [], values: [] };
    if (old.steps.length < from) {
      return null;
    }
    grown[name] = {
      steps: [...old.steps.slice(0, from), ...steps],
      values: [...old.values.slice(0, from), ...values]
    };
  }
  return { ...snapshot, ...parts, curves: grown, revision };
}
