import { useEffect, useReducer, useState } from 'preact/hooks';

/** Draws a component again whenever something it shows has changed. */
export function useChanges(source: { subscribe(listener: () => void): () => void }): void {
  const [, draw] = useReducer<number, void>(count => count + 1, 0);
  useEffect(() => {
    // What changed between the first drawing and now.
    draw();
    return source.subscribe(() => draw());
  }, [source]);
}

/** The time, often enough for ages in minutes. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 20_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
