import type { JSX } from 'preact';
import { Icon } from '../panel/icons';
import { useWords } from '../words/words';
import type { Check } from './use-check';

/** What is wrong in what is written, or that nothing is. */
export function Problems(props: { check: Check; text: string; onLine: (line: number) => void }): JSX.Element {
  const { check, text, onLine } = props;
  const said = useWords().create;
  const { problems, failed } = check;
  const summary =
    failed !== null
      ? `${said.unchecked} ${failed}`
      : problems.length > 0
        ? said.problems(problems.length)
        : check.text === text
          ? said.noProblems
          : said.checking;
  const tone =
    failed !== null ? 'warning' : problems.length > 0 ? 'error' : check.text === text ? 'good' : 'waiting';
  const icon = { warning: 'unplug', error: 'cross', good: 'check', waiting: 'clock' } as const;
  return (
    <div class="dlt-problems" data-tone={tone}>
      <p role="status">
        <Icon name={icon[tone]} />
        <span>{summary}</span>
      </p>
      {problems.length === 0 ? null : (
        <ul>
          {problems.map(({ line, message, path = [] }) => (
            <li key={`${line} ${message}`}>
              {line === null ? null : (
                <button type="button" class="dlt-link" onClick={() => onLine(line)}>
                  {said.line(line)}
                </button>
              )}
              <span data-placed={path.length > 0} title={path.length > 0 ? message : undefined}>
                {message}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** What of the plug-in folder can't be used, and why; nothing where all can. */
export function LeftOut({ problems }: { problems: string[] }): JSX.Element | null {
  const said = useWords().create;
  return problems.length === 0 ? null : (
    <div class="dlt-problems" data-tone="warning">
      <p role="note">
        <Icon name="unplug" />
        <span>{said.leftOut(problems.length)}</span>
      </p>
      <ul>
        {problems.map(problem => (
          <li key={problem}>{problem}</li>
        ))}
      </ul>
    </div>
  );
}
