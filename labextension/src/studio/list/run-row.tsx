import type { JSX } from 'preact';
import { runColour } from '../../charts/colours';
import type { RunState } from '../../contract';
import type { Errand } from '../../model/errands';
import { done, metric, timeLeft } from '../../model/format';
import { groupOf } from '../../model/groups';
import { called } from '../../model/tracking';
import { Button } from '../../panel/button';
import { STATE } from '../../panel/header';
import { Icon } from '../../panel/icons';
import type { RunRow } from '../contract';
import { type Words, useWords } from '../../words/words';
import { StudioIcon } from '../icons';
import { Sparkline } from './sparkline';

interface RunRowProps {
  row: RunRow;
  /** How long ago it began. */
  age: string;
  /** The machine of the server: what trains elsewhere says so. */
  here: string | null;
  errand: Errand | undefined;
  onDismiss: () => void;
}

/** A run in two lines: which, how it goes and how good; then what, where and since when. */
export function RunRowFace({ row, age, here, errand, onDismiss }: RunRowProps): JSX.Element {
  const words = useWords();
  const { icon } = STATE[row.state];
  const live = groupOf(row) === 'running' || row.state === 'paused';
  return (
    <div class="dlt-row-face" style={{ '--dlt-run': runColour(row.id) }} data-state={row.state}>
      <span class="dlt-row-sign" title={words.states[row.state]}>
        {icon === null ? <span class="dlt-row-dot" /> : <Icon name={icon} />}
      </span>
      <span class="dlt-row-name" title={row.name}>
        {row.name}
      </span>
      <Sparkline values={row.spark} />
      <b
        class="dlt-row-best"
        title={row.monitor === null ? '' : words.list.best(row.monitor, metric(row.best))}
      >
        {metric(row.best)}
      </b>
      <span class="dlt-row-more">
        {errand === undefined ? (
          <Facts row={row} age={age} here={here} />
        ) : (
          <Answer errand={errand} onDismiss={onDismiss} />
        )}
      </span>
      {live ? (
        <span
          class="dlt-thin-bar dlt-row-bar"
          role="progressbar"
          aria-label={words.list.progress}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.floor(row.fraction * 100)}
        >
          <span style={{ transform: `scaleX(${Math.min(1, Math.max(0, row.fraction))})` }} />
        </span>
      ) : null}
    </div>
  );
}

function Facts({ row, age, here }: { row: RunRow; age: string; here: string | null }): JSX.Element {
  const words = useWords();
  const running = groupOf(row) === 'running';
  const end = running ? progress(row, words) : age;
  return (
    <>
      {row.error !== null && groupOf(row) === 'failed' ? (
        <span class="dlt-row-facts dlt-row-error" title={row.error}>
          {row.error}
        </span>
      ) : (
        <span class="dlt-row-facts">{facts(row, here, words).join(' · ')}</span>
      )}
      <Tracked row={row} />
      <span class="dlt-row-end">{end}</span>
    </>
  );
}

/** That the run can be seen elsewhere too; where, its menu tells. */
function Tracked({ row }: { row: RunRow }): JSX.Element | null {
  const words = useWords();
  if (row.trackers.length === 0) {
    return null;
  }
  const isLate = row.trackers.some(({ state }) => state === 'behind');
  return (
    <span class="dlt-row-tracked" data-late={isLate} title={tracked(row, words)}>
      <StudioIcon name="elsewhere" />
      {isLate ? words.tracking.late : null}
    </span>
  );
}

function tracked({ trackers }: RunRow, words: Words): string {
  return words.trackers.by(trackers.map(tracker => called(tracker, words.tracking)).join(', '));
}

/** What is being done, or what came of it. */
function Answer({ errand, onDismiss }: { errand: Errand; onDismiss: () => void }): JSX.Element {
  const words = useWords();
  if (errand.text === null) {
    return (
      <span class="dlt-row-facts" data-waiting="true">
        {words.doing[errand.verb]}
      </span>
    );
  }
  return (
    <>
      <span class="dlt-row-facts" data-failed={errand.failed} title={errand.text}>
        {errand.text}
      </span>
      {errand.failed ? (
        <Button icon="cross" label={words.actions.dismiss} kind="quiet" compact onClick={onDismiss} />
      ) : null}
    </>
  );
}

/** What a row says, for those who hear it. */
export function summary(row: RunRow, age: string, here: string | null, words: Words): string {
  const parts = [
    row.name,
    words.states[row.state],
    row.monitor === null || row.best === null ? null : words.list.best(row.monitor, metric(row.best)),
    groupOf(row) === 'running' ? progress(row, words) : null,
    row.error?.replace(/\.$/, '') ?? null,
    ...where(row, here, words),
    row.trackers.length === 0 ? null : tracked(row, words),
    words.list.created(age)
  ];
  return parts.filter(part => part !== null && part !== '').join(', ');
}

/** The state where the group doesn't say it, and what `where` says. */
function facts(row: RunRow, here: string | null, words: Words): string[] {
  const usual: RunState[] = ['running', 'paused', 'completed', 'failed'];
  const state = usual.includes(row.state) ? [] : [words.states[row.state]];
  return [...state, ...where(row, here, words)];
}

/** The framework, and where the run trains. */
function where(row: RunRow, here: string | null, words: Words): string[] {
  const elsewhere = here !== null && row.host !== '' && row.host !== here;
  return [row.framework, row.device ?? row.executor, ...(elsewhere ? [words.list.on(row.host)] : [])];
}

function progress(row: RunRow, words: Words): string {
  const share = done(row.fraction);
  return row.seconds_left === null ? share : `${share} · ${words.list.left(timeLeft(row.seconds_left))}`;
}
