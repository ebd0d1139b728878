import { expect, test } from 'vitest';
import { Endings } from '../../src/lab/endings';
import { row } from './rows';

test('a run that was seen alive and ends by itself is news, once', () => {
  const endings = new Endings();
  expect(endings.observe([row('a', 'running'), row('b', 'paused'), row('c', 'pending')])).toEqual([]);
  const ended = [row('a', 'completed'), row('b', 'failed'), row('c', 'lost')];
  expect(endings.observe(ended)).toEqual(ended);
  expect(endings.observe(ended)).toEqual([]);
});

test('what ended before one looked, and what a person stopped, is no news', () => {
  const endings = new Endings();
  expect(endings.observe([row('old', 'failed'), row('a', 'running')])).toEqual([]);
  expect(endings.observe([row('a', 'stopped'), row('old', 'failed')])).toEqual([]);
});

test('a run that goes on after its end can end again', () => {
  const endings = new Endings();
  endings.observe([row('a', 'running')]);
  expect(endings.observe([row('a', 'failed')])).toHaveLength(1);
  endings.observe([row('a', 'running')]);
  expect(endings.observe([row('a', 'completed')])).toHaveLength(1);
});
