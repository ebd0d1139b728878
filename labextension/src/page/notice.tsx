import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../panel/button';
import { Icon } from '../panel/icons';
import type { StudioClient } from '../studio/contract';
import { useWords } from '../words/words';
import type { Navigation } from './navigation';
import type { pageWords } from './words';

const LOOK_MS = 5000;

interface NoticeProps {
  client: StudioClient;
  navigation: Navigation;
  words: ReturnType<typeof pageWords>;
  listShown: boolean;
}

/** In the bar: that the server is away, where nothing else says so, or that it asks who one is. */
export function Notice({ client, navigation, words, listShown }: NoticeProps): JSX.Element {
  const { lost } = useWords().connection;
  const [away, setAway] = useState(client.connection() === 'disconnected');
  useEffect(() => {
    const look = () => setAway(client.connection() === 'disconnected');
    // What happened since the first drawing.
    look();
    return client.onConnection(look);
  }, [client]);
  const stranger = useWhetherUnknown(navigation.base, away);
  return (
    <div class="dltp-notice" role="status">
      {stranger ? (
        <Button icon="warning" label={words.logIn} onClick={() => location.reload()} />
      ) : away && !listShown ? (
        <span class="dltp-away">
          <Icon name="unplug" />
          {lost}
        </span>
      ) : null}
    </div>
  );
}

/** Whether the server answers, but knows this browser no more: its cookie is too old, or the server's key is new. */
function useWhetherUnknown(page: string, away: boolean): boolean {
  const [unknown, setUnknown] = useState(false);
  useEffect(() => {
    if (!away) {
      setUnknown(false);
      return undefined;
    }
    let back = false;
    const look = () =>
      fetch(page, { redirect: 'manual', cache: 'no-store' }).then(
        // It leads to the page where one logs in.
        ({ type }) => !back && setUnknown(type === 'opaqueredirect'),
        () => !back && setUnknown(false)
      );
    void look();
    const timer = setInterval(() => void look(), LOOK_MS);
    return () => {
      back = true;
      clearInterval(timer);
    };
  }, [page, away]);
  return unknown;
}
