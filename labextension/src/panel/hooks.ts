import { useEffect, useState } from 'preact/hooks';
import type { Memory } from '../contract';
import type { RunModel, RunView } from '../model/run-model';

/** What a run shows now, again at each change. */
export function useRun(model: RunModel): RunView {
  const [view, setView] = useState(model.view);
  useEffect(() => {
    setView(model.view);
    return model.subscribe(() => setView(model.view));
  }, [model]);
  return view;
}

// Every panel may come with a script of its own, so a count alone would begin anew in each.
const PREFIX = `dlt-${Math.random().toString(36).slice(2, 10)}`;
let ids = 0;

/** A name no other element of the page has; Preact's own `useId` begins anew in every panel. */
export function useUniqueId(): string {
  const [id] = useState(() => {
    ids += 1;
    return `${PREFIX}-${ids}`;
  });
  return id;
}

type Widened<T> = T extends boolean ? boolean : T extends number ? number : string;

/** A choice that is remembered; one of another type than the fallback's is not taken over. */
export function useChoice<T extends string | number | boolean>(
  memory: Memory,
  key: string,
  fallback: T
): [Widened<T>, (value: Widened<T>) => void] {
  const [value, setValue] = useState<Widened<T>>(() => {
    const kept = memory.get(key);
    return (typeof kept === typeof fallback ? kept : fallback) as Widened<T>;
  });
  const choose = (chosen: Widened<T>) => {
    setValue(() => chosen);
    memory.set(key, chosen);
  };
  return [value, choose];
}
