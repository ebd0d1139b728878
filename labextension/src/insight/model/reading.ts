import { useEffect, useState } from 'preact/hooks';
import { message } from '../../model/run-model';

export interface Reading<T> {
  /** What was read last; what was read before stays while something newer is read under the same `topic`. */
  value: T | null;
  error: string | null;
  /** Nothing was read yet, and it is being read. */
  busy: boolean;
  again: () => void;
}

interface State<T> {
  topic: string;
  read: boolean;
  value: T | null;
  error: string | null;
}

/**
 * What somebody reads for a view.
 *
 * @param topic what it is about; of another topic nothing is shown until it is read
 * @param version when this changes it is read again, and what was read before is shown meanwhile
 */
export function useReading<T>(topic: string, version: number, read: () => Promise<T>): Reading<T> {
  const [times, setTimes] = useState(0);
  const [state, setState] = useState<State<T>>({ topic, read: false, value: null, error: null });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the topic and the version say when it is read again.
  useEffect(() => {
    let over = false;
    const finish = (value: T | null, error: string | null) => {
      if (!over) {
        setState(before => ({
          topic,
          read: true,
          value: error === null ? value : before.topic === topic ? before.value : null,
          error
        }));
      }
    };
    read().then(
      value => finish(value, null),
      (error: unknown) => finish(null, message(error))
    );
    return () => {
      over = true;
    };
  }, [topic, version, times]);
  const mine = state.topic === topic && state.read;
  return {
    value: mine ? state.value : null,
    error: mine ? state.error : null,
    busy: !mine,
    again: () => setTimes(times + 1)
  };
}
