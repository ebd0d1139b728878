import { useState } from 'preact/hooks';
import { message } from '../model/run-model';
import { useLeft } from './use-left';

/**
 * Starts something, once at a time. Gives whether it is under way, and how to begin.
 *
 * @param begin asks for it
 * @param onRefused is told why it wasn't done, unless nobody looks any more
 */
export function useStart(
  begin: () => Promise<void>,
  onRefused: (reason: string) => void
): [starting: boolean, start: () => void] {
  const [starting, setStarting] = useState(false);
  const left = useLeft();
  const start = () => {
    if (!starting) {
      setStarting(true);
      begin()
        .catch((error: unknown) => !left.current && onRefused(message(error)))
        .finally(() => !left.current && setStarting(false));
    }
  };
  return [starting, start];
}
