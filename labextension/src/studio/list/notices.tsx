import type { JSX } from 'preact';
import type { Connection } from '../../contract';
import { Button, Empty } from '../../panel/button';
import { Icon } from '../../panel/icons';
import { useWords } from '../../words/words';

/** That the server doesn't answer, and what that means for what one sees. */
export function ConnectionNotice({ connection }: { connection: Connection }): JSX.Element {
  const words = useWords().connection;
  const lost = connection === 'disconnected';
  return (
    <div role="status" aria-live="polite">
      {connection === 'connected' ? null : (
        <div class="dlt-list-notice" data-tone={lost ? 'warning' : 'info'}>
          <Icon name={lost ? 'unplug' : 'clock'} />
          <p>
            <b>{lost ? words.lost : words.silent}</b> {lost ? words.retrying : words.silentHint}
          </p>
        </div>
      )}
    </div>
  );
}

/** There is nothing to list, and how that changes. */
export function NoRuns(props: { filter: string; onClear: () => void; onCreate: () => void }): JSX.Element {
  const words = useWords();
  return props.filter === '' ? (
    <div class="dlt-list-empty">
      <Empty title={words.list.emptyTitle}>{words.list.empty}</Empty>
      <Button label={words.actions.newRun} kind="primary" onClick={props.onCreate} />
    </div>
  ) : (
    <div class="dlt-list-empty">
      <Empty title={words.list.noMatchTitle}>{words.list.noMatch(props.filter)}</Empty>
      <Button label={words.list.clearFilter} onClick={props.onClear} />
    </div>
  );
}

/** The list couldn't be read. */
export function ListFailed({ problem, onRetry }: { problem: string; onRetry: () => void }): JSX.Element {
  const words = useWords();
  return (
    <div class="dlt-list-empty" role="alert">
      <Empty title={words.list.errorTitle}>{problem}</Empty>
      <Button icon="reset" label={words.actions.tryAgain} onClick={onRetry} />
    </div>
  );
}

/** Where the rows will be, while they are on their way. */
export function ListLoading(): JSX.Element {
  const words = useWords();
  return (
    <div class="dlt-list-loading" role="status">
      <span class="dlt-hidden">{words.list.loading}</span>
      {[0.7, 0.5, 0.6, 0.4].map(width => (
        <span class="dlt-list-bone" key={width} style={{ width: `${100 * width}%` }} />
      ))}
    </div>
  );
}
