import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { count, metric } from '../../model/format';
import { Icon } from '../../panel/icons';
import type { ClassScores } from '../model/answers';
import { type Average, COUNTS, type Sorting, classKey, columns, ordered, worstFirst } from '../model/scores';
import type { EvaluationWords } from '../words/evaluation';

/** What was measured of each class, the worst first until another order is chosen. */
export function ScoreTable(props: {
  classes: ClassScores[];
  /** Told below the classes. */
  means: Average[];
  chosen: string;
  words: EvaluationWords;
  /** Shows the curves of a class. */
  onChoose: (key: string) => void;
}): JSX.Element {
  const { classes, means, chosen, words, onChoose } = props;
  const [sorting, setSorting] = useState<Sorting>(() => worstFirst(classes));
  const names = columns(classes);
  const head = (column: string, label: string, left: boolean) => {
    const mine = sorting.column === column;
    return (
      <th
        key={column}
        scope="col"
        class={left ? 'dlt-left' : ''}
        aria-sort={mine ? (sorting.descending ? 'descending' : 'ascending') : 'none'}
      >
        <button
          type="button"
          class="dlt-sort"
          data-descending={sorting.descending}
          title={words.sort}
          onClick={() => setSorting({ column, descending: mine ? !sorting.descending : COUNTS.has(column) })}
        >
          {label}
          {mine ? <Icon name="down" /> : null}
        </button>
      </th>
    );
  };
  return (
    <div class="dlt-scroll dlt-score-scroll">
      <table class="dlt-table dlt-score-table">
        <caption class="dlt-hidden">{words.perClass}</caption>
        <thead>
          <tr>
            {head('label', words.label, true)}
            {names.map(name => head(name, words.names[name] ?? name, false))}
          </tr>
        </thead>
        <tbody>
          {ordered(classes, sorting).map(i => {
            const row = classes[i];
            return row === undefined ? null : (
              <tr key={i} data-chosen={chosen === classKey(classes, i)}>
                <th scope="row" class="dlt-left">
                  <button type="button" class="dlt-class-link" onClick={() => onChoose(classKey(classes, i))}>
                    {row.label}
                  </button>
                </th>
                {names.map(name => {
                  const value = row[name];
                  const number = typeof value === 'number' ? value : null;
                  return (
                    <td key={name}>
                      {COUNTS.has(name) ? count(number) : metric(number)}
                      {COUNTS.has(name) ? null : (
                        <span class="dlt-cell-bar" aria-hidden="true">
                          <span style={{ transform: `scaleX(${Math.min(1, Math.max(0, number ?? 0))})` }} />
                        </span>
                      )}
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
        {means.length === 0 ? null : (
          <tfoot>
            {means.map(({ group, values }, i) => (
              <tr key={group} style={{ '--dlt-below': means.length - 1 - i }}>
                <th scope="row" class="dlt-left">
                  {words.means[group] ?? group}
                </th>
                {names.map(name => (
                  <td key={name}>{name in values ? metric(values[name]) : null}</td>
                ))}
              </tr>
            ))}
          </tfoot>
        )}
      </table>
    </div>
  );
}
