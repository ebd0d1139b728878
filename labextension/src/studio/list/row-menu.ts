import type { TrackerPlace } from '../../contract';
import type { RowVerb } from '../../model/errands';
import { groupOf } from '../../model/groups';
import { isPage } from '../../model/tracking';
import type { MenuItem } from '../../panel/menu';
import type { Words } from '../../words/words';
import type { RunRow, StudioHost } from '../contract';

/** What is asked in place before something is done. */
export type Question = 'stop' | 'set' | 'delete';

export interface RowActions {
  host: StudioHost;
  selected: boolean;
  ask: (question: Question) => void;
  run: (verb: RowVerb) => void;
  select: () => void;
  copyId: () => void;
  copy: (text: string) => void;
}

/** The one verb that is at hand without a menu: pause what trains, go on with what rests. */
export function handiest(row: RunRow): 'pause' | 'resume' | null {
  const verb = groupOf(row) === 'running' ? 'pause' : 'resume';
  return row.allowed.includes(verb) ? verb : null;
}

/** Everything that can be done with a run in a list; what its state forbids isn't offered. */
export function menuOf(row: RunRow, actions: RowActions, words: Words): MenuItem[] {
  const { host, run, ask } = actions;
  const handy = handiest(row);
  const live = groupOf(row) === 'running' || row.state === 'paused';
  const may = (verb: RowVerb) => row.allowed.includes(verb);
  const items: (MenuItem | false)[] = [
    { icon: 'right', label: words.actions.open, onPick: () => host.open(row.id) },
    handy === 'pause' && { icon: 'pause', label: words.verbs.pause, onPick: () => run('pause') },
    handy === 'resume' && { icon: 'play', label: words.verbs.resume, onPick: () => run('resume') },
    live && may('suspend') && { icon: 'moon', label: words.verbs.suspend, onPick: () => run('suspend') },
    live && may('stop') && { icon: 'stop', label: `${words.verbs.stop}…`, onPick: () => ask('stop') },
    live &&
      may('checkpoint') && { icon: 'save', label: words.verbs.checkpoint, onPick: () => run('checkpoint') },
    live && may('set') && { icon: 'rate', label: words.verbs.set, onPick: () => ask('set') },
    { icon: 'clone', label: words.verbs.clone, onPick: () => run('clone') },
    {
      icon: 'check',
      label: actions.selected ? words.actions.deselect : words.actions.select,
      onPick: actions.select
    },
    host.insertCode !== undefined && {
      icon: 'down',
      label: words.actions.insertCode,
      onPick: () => host.insertCode?.(row.id)
    },
    ...row.trackers.map(tracker => placeOf(tracker, actions.copy, words)),
    { icon: 'copy', label: words.actions.copyId, onPick: actions.copyId },
    may('delete') && { icon: 'cross', label: words.verbs.delete, onPick: () => ask('delete') }
  ];
  return items.filter(item => item !== false);
}

/** Leads to where a tracker has the run, or copies where its files are; nothing, as long as nobody knows. */
function placeOf({ label, url }: TrackerPlace, copy: (text: string) => void, words: Words): MenuItem | false {
  if (url === null) {
    return false;
  }
  return isPage(url)
    ? {
        icon: 'right',
        label: words.trackers.open(label),
        onPick: () => void window.open(url, '_blank', 'noopener,noreferrer')
      }
    : { icon: 'copy', label: words.trackers.copyPlace(label), onPick: () => copy(url) };
}
