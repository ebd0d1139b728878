/**
 * Keeps what didn't change from one snapshot to the next, so that a component whose part is the same object
 * as before has nothing to do.
 */

/** Gives `next`, with every part that equals the part of `previous` at its place replaced by that part. */
export function share<T>(previous: unknown, next: T): T {
  if (Object.is(previous, next)) {
    return next;
  }
  if (Array.isArray(previous) && Array.isArray(next)) {
    return shareArray(previous, next) as T;
  }
  if (isRecord(previous) && isRecord(next)) {
    return shareRecord(previous, next) as T;
  }
  return next;
}

function shareArray(previous: unknown[], next: unknown[]): unknown[] {
  let same = previous.length === next.length;
  const shared = next.map((item, i) => {
    const kept = share(previous[i], item);
    same &&= Object.is(kept, previous[i]);
    return kept;
  });
  return same ? previous : shared;
}

function shareRecord(
  previous: Record<string, unknown>,
  next: Record<string, unknown>
): Record<string, unknown> {
  const keys = Object.keys(next);
  let same = keys.length === Object.keys(previous).length;
  const shared: Record<string, unknown> = {};
  for (const key of keys) {
    shared[key] = share(previous[key], next[key]);
    same &&= key in previous && Object.is(shared[key], previous[key]);
  }
  return same ? previous : shared;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
