import type { JSX } from 'preact';
import type { RunList } from '../../model/run-list';
import { ORDER } from '../../model/groups';
import { useUniqueId } from '../../panel/hooks';
import { Icon } from '../../panel/icons';
import { useWords } from '../../words/words';
import type { Sort } from '../contract';
import { StudioIcon } from '../icons';

/** Which runs, in which order; and a new one. */
export function Toolbar(props: {
  list: RunList;
  onSort: (sort: Sort) => void;
  onCreate: () => void;
}): JSX.Element {
  const { list } = props;
  const words = useWords();
  const id = useUniqueId();
  const { view } = list;
  const runs = ORDER.reduce((sum, group) => sum + view.counts[group], 0);
  return (
    <div class="dlt-list-top">
      <div class="dlt-list-find">
        <span class="dlt-filter" data-bad={view.filterProblem !== null}>
          <StudioIcon name="search" />
          <input
            type="text"
            role="searchbox"
            value={view.filter}
            placeholder={words.list.filter}
            title={words.list.filterHint}
            aria-label={words.list.filter}
            aria-description={words.list.filterHint}
            aria-invalid={view.filterProblem !== null}
            aria-errormessage={`${id}-problem`}
            autocomplete="off"
            spellcheck={false}
            onInput={event => list.setFilter(event.currentTarget.value)}
            onKeyDown={event => {
              if (event.key === 'Escape' && view.filter !== '') {
                event.stopPropagation();
                list.setFilter('');
              }
            }}
          />
          {view.filter === '' ? null : (
            <button
              type="button"
              class="dlt-filter-clear"
              aria-label={words.list.clearFilter}
              title={words.list.clearFilter}
              onClick={event => {
                event.currentTarget.parentElement?.querySelector('input')?.focus();
                list.setFilter('');
              }}
            >
              <Icon name="cross" />
            </button>
          )}
        </span>
        <button
          type="button"
          class="dlt-button dlt-compact"
          aria-label={words.actions.newRun}
          title={words.actions.newRun}
          onClick={props.onCreate}
        >
          <StudioIcon name="plus" />
        </button>
      </div>
      <p class="dlt-filter-problem" id={`${id}-problem`} role="alert">
        {view.filterProblem}
      </p>
      <div class="dlt-list-order">
        <span class="dlt-muted">{view.phase === 'ready' && runs > 0 ? words.list.runs(runs) : ''}</span>
        <select
          aria-label={words.list.sort}
          value={view.sort}
          onChange={event => props.onSort(event.currentTarget.value as Sort)}
        >
          {Object.entries(words.list.sorts).map(([sort, name]) => (
            <option key={sort} value={sort}>
              {name}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}
