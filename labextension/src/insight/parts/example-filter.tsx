import type { JSX } from 'preact';
import { Choice } from '../../panel/chart-settings';
import type { Summary } from '../model/answers';
import type { Order } from '../model/example-list';
import type { Filter } from '../model/filters';
import type { EvaluationWords } from '../words/evaluation';

/** Chooses examples by how they were judged and by class, and their order. */
export function ExampleFilter(props: {
  filter: Filter;
  labels: string[];
  task: Summary['task'];
  words: EvaluationWords;
  onChange: (filter: Filter) => void;
}): JSX.Element {
  const { filter, labels, task, words, onChange } = props;
  const classes = task === 'classification';
  const orders: [Order, string][] = [
    ['index', words.byIndex],
    ...(classes
      ? ([
          ['-confidence', words.sure],
          ['confidence', words.unsure]
        ] as [Order, string][])
      : []),
    ['-loss', words.worstLoss],
    ['loss', words.bestLoss]
  ];
  return (
    <div class="dlt-settings dlt-example-filter">
      {classes ? (
        <>
          <Choice
            label={words.show}
            value={filter.correct === null ? 'all' : filter.correct ? 'right' : 'wrong'}
            options={[
              ['all', words.all, false],
              ['right', words.onlyRight, false],
              ['wrong', words.onlyWrong, false]
            ]}
            onChoose={value => onChange({ ...filter, correct: value === 'all' ? null : value === 'right' })}
          />
          <ClassChoice
            name={words.trueClass}
            labels={labels}
            value={filter.truth}
            any={words.any}
            onChoose={truth => onChange({ ...filter, truth })}
          />
          <ClassChoice
            name={words.predictedClass}
            labels={labels}
            value={filter.predicted}
            any={words.any}
            onChoose={predicted => onChange({ ...filter, predicted })}
          />
        </>
      ) : null}
      <label class="dlt-select">
        <span>{words.order}</span>
        <select
          value={filter.sort}
          onChange={event => onChange({ ...filter, sort: event.currentTarget.value as Order })}
        >
          {orders.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

/** One of the classes, or any. */
export function ClassChoice(props: {
  name: string;
  labels: string[];
  value: number | null;
  any: string;
  onChoose: (value: number | null) => void;
}): JSX.Element {
  return (
    <label class="dlt-select">
      <span>{props.name}</span>
      <select
        value={props.value === null ? '' : String(props.value)}
        onChange={event => {
          const { value } = event.currentTarget;
          props.onChoose(value === '' ? null : Number(value));
        }}
      >
        <option value="">{props.any}</option>
        {props.labels.map((label, i) => (
          <option key={i} value={String(i)}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}
