import type { JSX } from 'preact';
import { count } from '../../model/format';
import { Icon } from '../../panel/icons';
import { useWords } from '../../words/words';
import type { Group } from '../contract';
import type { LineProps } from './run-line';

interface GroupLineProps extends LineProps {
  group: Group;
  runs: number;
  open: boolean;
  onToggle: () => void;
}

/** The head of a group: a click, or the arrow keys, fold the group. */
export function GroupLine({ line, group, runs, open, onToggle }: GroupLineProps): JSX.Element {
  const words = useWords();
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list around it hears the keys.
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and tells which line it is on.
    <div {...line} role="row" class="dlt-group" aria-level={1} aria-expanded={open} onClick={onToggle}>
      {/* biome-ignore lint/a11y/useFocusableInteractive: the list has the focus. */}
      <span role="gridcell" class="dlt-group-face">
        <Icon name={open ? 'down' : 'right'} />
        <span class="dlt-group-name">{words.list.groups[group]}</span>
        <span class="dlt-group-count">{count(runs)}</span>
      </span>
    </div>
  );
}
