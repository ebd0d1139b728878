import type { RunState, Snapshot } from '../contract';
import { done } from '../model/format';
import type { StudioClient } from '../studio/contract';
import type { Words } from '../words/words';
import type { Navigation } from './navigation';

export const NAME = 'DLTrainer';

const SIGNS: Record<RunState, string> = {
  pending: '○',
  running: '●',
  paused: '‖',
  suspended: '‖',
  completed: '✓',
  stopped: '■',
  failed: '✕',
  lost: '✕'
};

/** A run in the browser's tab: how it is before what it is called, since a tab is narrow. */
export function titleOf({ run, progress }: Snapshot, words: Words): string {
  const state = words.states[run.state].toLowerCase();
  const under = run.state === 'running' || run.state === 'paused' || run.state === 'suspended';
  const share = under ? ` ${done(progress.fraction)}` : '';
  return `${SIGNS[run.state]} ${state}${share} – ${run.name}`;
}

/** Keeps the browser's tab telling how the run is that the page shows, or what else it shows. */
export function followTitle(client: StudioClient, navigation: Navigation, words: Words): () => void {
  let leave = () => {};
  const follow = () => {
    leave();
    leave = () => {};
    const { route } = navigation;
    const titles = { start: null, run: null, new: words.actions.newRun, compare: words.actions.compare };
    const title = titles[route.view];
    document.title = title === null ? NAME : `${title} – ${NAME}`;
    if (route.view === 'run') {
      const run = client.run(route.id);
      run.subscribe(snapshot => {
        document.title = titleOf(snapshot, words);
      });
      leave = () => run.close();
    }
  };
  follow();
  const release = navigation.subscribe(follow);
  return () => {
    release();
    leave();
  };
}
