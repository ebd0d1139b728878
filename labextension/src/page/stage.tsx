import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../panel/button';
import { useChanges } from '../studio/hooks';
import { Blank } from '../studio/view';
import { Start } from './start';
import { type Stage as Parts, load } from './views';
import type { pageWords } from './words';

interface StageProps extends Parts {
  words: ReturnType<typeof pageWords>;
}

/** The view of where the page is, at the right of the list. */
export function Stage(props: StageProps): JSX.Element {
  const { client, host, memory, navigation, words } = props;
  useChanges(navigation);
  const { route, yaml } = navigation;
  const place = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState(false);

  // At once: a click or a key that comes before the next paint must not act on the run that was left.
  // biome-ignore lint/correctness/useExhaustiveDependencies: other YAML is another new run, at the same address.
  useLayoutEffect(() => {
    let unmount: (() => void) | undefined;
    let left = false;
    setFailed(false);
    load(route, { client, host, memory, navigation }).then(
      mount => {
        if (!left && place.current !== null) {
          unmount = mount?.(place.current);
        }
      },
      () => !left && setFailed(true)
    );
    return () => {
      left = true;
      unmount?.();
    };
  }, [route, yaml, client, host, memory, navigation]);

  return (
    <>
      <div ref={place} class="dltp-view" />
      {failed ? (
        <Blank title={words.notLoadedTitle}>
          <p>{words.notLoaded}</p>
          <Button icon="reset" label={words.reload} onClick={() => location.reload()} />
        </Blank>
      ) : route.view === 'start' ? (
        <Start client={client} host={host} words={words} />
      ) : null}
    </>
  );
}
