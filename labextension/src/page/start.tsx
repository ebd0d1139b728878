import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../panel/button';
import type { StudioClient, StudioHost } from '../studio/contract';
import { Blank } from '../studio/view';
import type { pageWords } from './words';

interface StartProps {
  client: StudioClient;
  host: StudioHost;
  words: ReturnType<typeof pageWords>;
}

/** What there is to do where no run is shown: choose one, or start the first. */
export function Start({ client, host, words }: StartProps): JSX.Element | null {
  const some = useWhetherThereAreRuns(client);
  if (some === null) {
    return null;
  }
  return some ? (
    <Blank title={words.chooseTitle}>
      <p>{words.choose}</p>
    </Blank>
  ) : (
    <Blank title={words.firstTitle}>
      <p>{words.first}</p>
      <Button label={words.firstButton} kind="primary" onClick={() => host.create()} />
      <p>{words.elsewhere}</p>
      <pre class="dltp-code">%%dltrain digits-cnn</pre>
      <pre class="dltp-code">dltrain train digits.yaml</pre>
    </Blank>
  );
}

/** `null` while nobody has said so. */
function useWhetherThereAreRuns(client: StudioClient): boolean | null {
  const [some, setSome] = useState<boolean | null>(null);
  useEffect(() => {
    let left = false;
    // What is told, or asked for later, is newer than an answer that comes after it.
    let newest = 0;
    const ask = () => {
      newest += 1;
      const mine = newest;
      return client.page({ limit: 1 }).then(
        ({ runs }) => !left && mine === newest && setSome(runs.length > 0),
        // The list beside it says what is wrong.
        () => undefined
      );
    };
    void ask();
    const releases = [
      client.onRows((rows, gone) => {
        if (rows.length > 0) {
          newest += 1;
          setSome(true);
        } else if (gone.length > 0) {
          void ask();
        }
      }),
      // During a break the first one may have begun unseen.
      client.onConnection(connection => connection === 'connected' && void ask())
    ];
    return () => {
      left = true;
      for (const release of releases) {
        release();
      }
    };
  }, [client]);
  return some;
}
