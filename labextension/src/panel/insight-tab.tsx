import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { InsightProps, LoadInsight, MountedInsight } from '../insight/contract';
import { message } from '../model/run-model';
import { Button, Empty } from './button';

/** The place of a view that comes in a script of its own; it stays while another such view is chosen. */
export function InsightPlace({ load, ...props }: InsightProps & { load: LoadInsight }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const mounted = useRef<MountedInsight | null>(null);
  const newest = useRef<InsightProps>(props);
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<'loading' | 'shown' | { failed: string }>('loading');
  newest.current = props;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt loads it again.
  useEffect(() => {
    let over = false;
    setState('loading');
    load().then(
      insight => {
        if (!over && place.current !== null) {
          mounted.current = insight.mount(place.current, newest.current);
          setState('shown');
        }
      },
      (error: unknown) => over || setState({ failed: message(error) })
    );
    return () => {
      over = true;
      mounted.current?.unmount();
      mounted.current = null;
    };
  }, [load, attempt]);
  useLayoutEffect(() => mounted.current?.update(props));

  return (
    <>
      {state === 'shown' ? null : (
        <Empty title={state === 'loading' ? 'Loading…' : 'This view couldn’t be loaded.'}>
          {state === 'loading' ? null : (
            <>
              <span role="alert">{state.failed}</span>{' '}
              <Button label="Try again" onClick={() => setAttempt(attempt + 1)} />
            </>
          )}
        </Empty>
      )}
      <div ref={place} />
    </>
  );
}
