import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Memory } from '../contract';
import { Button } from '../panel/button';
import { useChoice } from '../panel/hooks';
import { Icon } from '../panel/icons';
import type { StudioClient, StudioHost } from '../studio/contract';
import { useChanges } from '../studio/hooks';
import { StudioIcon } from '../studio/icons';
import { mountSidebar } from '../studio/sidebar';
import { words as studioWords } from '../words/words';
import type { Navigation } from './navigation';
import { Notice } from './notice';
import { Splitter } from './splitter';
import { Stage } from './stage';
import type { ThemeChoice } from './theme';
import { NAME } from './title';
import { useNarrow, useShortcuts } from './window';
import { pageWords } from './words';

const LIST = 'dltp-list';
const VIEW = 'dltp-view';

interface ShellProps {
  client: StudioClient;
  host: StudioHost;
  memory: Memory;
  navigation: Navigation;
  theme: ThemeChoice;
}

/** The page: a bar on top, the list at the left, or over the view where there is little room, and the view. */
export function Shell(props: ShellProps): JSX.Element {
  const { client, host, memory, navigation, theme } = props;
  const words = pageWords(host.language);
  useChanges(navigation);
  useChanges(theme);
  const narrow = useNarrow();
  const [folded, setFolded] = useChoice(memory, 'page-list-folded', false);
  const [width, setWidth] = useChoice(memory, 'page-list-width', 320);
  // Where the list lies over the view it is open only to choose; at the start there is nothing else to do.
  const [drawn, setDrawn] = useState(navigation.route.view === 'start');
  useEffect(() => navigation.subscribe(() => setDrawn(navigation.route.view === 'start')), [navigation]);
  const shown = narrow ? drawn : !folded;
  const toggle = () => (narrow ? setDrawn(!drawn) : setFolded(!folded));
  const list = useRef<HTMLElement>(null);
  useEffect(
    () => (list.current === null ? undefined : mountSidebar(list.current, client, host, { memory })),
    [client, host, memory]
  );
  useLayoutEffect(() => {
    // The focus doesn't stay in what is hidden: it goes on to what was chosen there.
    if (!shown && list.current?.contains(document.activeElement) === true) {
      focusView();
    }
  }, [shown]);
  useShortcuts({
    Escape: () => narrow && setDrawn(false),
    n: () => host.create(),
    '[': toggle,
    '/': () => {
      if (!shown) {
        toggle();
      }
      requestAnimationFrame(() => list.current?.querySelector<HTMLElement>('[role=searchbox]')?.focus());
    }
  });
  const dark = theme.shown === 'dark';
  return (
    <>
      <button type="button" class="dltp-skip" onClick={focusView}>
        {words.skip}
      </button>
      <header class="dltp-bar">
        <button
          type="button"
          class="dlt-button dlt-button-quiet dlt-compact"
          aria-expanded={shown}
          aria-controls={LIST}
          aria-label={shown ? words.hideList : words.showList}
          title={`${shown ? words.hideList : words.showList} ([)`}
          onClick={toggle}
        >
          <StudioIcon name="list" />
        </button>
        <a
          class="dltp-name"
          href={navigation.base}
          onClick={event => {
            if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
              event.preventDefault();
              navigation.go({ view: 'start' });
            }
          }}
        >
          {NAME}
        </a>
        <Notice client={client} navigation={navigation} words={words} listShown={shown} />
        <Button
          label={studioWords(host.language).actions.newRun}
          kind="primary"
          title="N"
          onClick={() => host.create()}
        />
        <button
          type="button"
          class="dlt-button dlt-button-quiet dlt-compact"
          aria-label={dark ? words.light : words.dark}
          title={dark ? words.light : words.dark}
          onClick={() => theme.switch()}
        >
          {dark ? <StudioIcon name="sun" /> : <Icon name="moon" />}
        </button>
      </header>
      <div class="dltp-body" data-narrow={narrow}>
        <aside
          ref={list}
          id={LIST}
          class="dltp-list"
          hidden={!shown}
          style={{ '--dltp-list': `${width}px` }}
        />
        {shown && !narrow ? (
          <Splitter label={words.resizeList} controls={LIST} width={width} onWidth={setWidth} />
        ) : null}
        {shown && narrow ? (
          <button
            type="button"
            class="dltp-scrim"
            tabIndex={-1}
            aria-label={words.hideList}
            onClick={() => setDrawn(false)}
          />
        ) : null}
        <main id={VIEW} class="dltp-main" tabIndex={-1} inert={shown && narrow}>
          <Stage client={client} host={host} memory={memory} navigation={navigation} words={words} />
        </main>
      </div>
    </>
  );
}

function focusView(): void {
  document.getElementById(VIEW)?.focus();
}
