import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { clock, count, duration, metric } from '../../model/format';
import { Ask, Button } from '../../panel/button';
import { type TestRun, metricNames, nameOf } from '../model/test-runs';
import { evaluationWords } from '../words/evaluation';
import type { TestWords } from '../words/tests';

/** The test runs, newest first, with their metrics and what can be done with each. */
export function TestTable(props: {
  tests: TestRun[];
  now: string;
  disabled: boolean;
  words: TestWords;
  language: string;
  onOpen: (test: TestRun) => void;
  onSave: (test: TestRun, format: 'csv' | 'json') => void;
  onDelete: (test: TestRun) => void;
}): JSX.Element {
  const { tests, words: said } = props;
  const [asking, setAsking] = useState<number | null>(null);
  const names = metricNames(tests);
  const called = evaluationWords(props.language).names;
  const nameIn = (test: TestRun) => nameOf(test, said.heldBack);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
    <div class="dlt-scroll" tabIndex={0} role="region" aria-label={said.table}>
      <table class="dlt-table">
        <thead>
          <tr>
            <th scope="col" class="dlt-left">
              {said.data}
            </th>
            <th scope="col">{said.number}</th>
            <th scope="col">{said.checkpoint}</th>
            <th scope="col">{said.examples}</th>
            {names.map(name => (
              <th scope="col" key={name}>
                {called[name] ?? name.replaceAll('_', ' ')}
              </th>
            ))}
            <th scope="col">{said.seconds}</th>
            <th scope="col">{said.when}</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {tests.map(test => (
            <tr key={test.number}>
              <th scope="row" class="dlt-left">
                <button type="button" class="dlt-test-name" onClick={() => props.onOpen(test)}>
                  {nameIn(test)}
                </button>
              </th>
              <td title={said.numberHint(test.number)}>#{test.number}</td>
              <td title={test.digest}>{said.step(test.checkpoint.step)}</td>
              <td>{count(test.count)}</td>
              {names.map(name => (
                <td key={name}>{metric(test.metrics[name])}</td>
              ))}
              <td>{duration(test.seconds)}</td>
              <td>
                <time dateTime={test.created_at}>{clock(test.created_at, props.now)}</time>
              </td>
              <td>
                <span class="dlt-row-actions">
                  {asking === test.number ? (
                    <Ask
                      question={said.askDelete(nameIn(test))}
                      yes={said.delete}
                      no={said.keep}
                      onAnswer={yes => {
                        setAsking(null);
                        if (yes) {
                          props.onDelete(test);
                        }
                      }}
                    />
                  ) : (
                    <>
                      <Button
                        label="CSV"
                        title={said.downloadCsv}
                        kind="quiet"
                        onClick={() => props.onSave(test, 'csv')}
                      />
                      <Button
                        label="JSON"
                        title={said.downloadJson}
                        kind="quiet"
                        onClick={() => props.onSave(test, 'json')}
                      />
                      <Button
                        icon="cross"
                        label={said.delete}
                        kind="quiet"
                        compact
                        disabled={props.disabled}
                        onClick={() => setAsking(test.number)}
                      />
                    </>
                  )}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
