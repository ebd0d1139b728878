import { useLayoutEffect, useRef } from 'preact/hooks';

/** Whether the view was taken away meanwhile; what is answered then concerns nobody. */
export function useLeft(): { current: boolean } {
  const left = useRef(false);
  // Other effects end only after the next frame.
  useLayoutEffect(() => {
    left.current = false;
    return () => {
      left.current = true;
    };
  }, []);
  return left;
}
