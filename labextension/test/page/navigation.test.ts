import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Navigation } from '../../src/page/navigation';

const NEW = { view: 'new' } as const;
let states: unknown[];

beforeEach(() => {
  vi.useFakeTimers();
  states = [null];
  vi.spyOn(history, 'pushState').mockImplementation(state => void states.push(state));
  vi.spyOn(history, 'replaceState').mockImplementation(state => void states.splice(-1, 1, state));
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it('keeps what a new run says for who comes back to it, told when typing rests or one goes on', () => {
  const navigation = new Navigation('/dltrainer/');
  navigation.go(NEW);
  navigation.keep('model: m');
  navigation.keep('model: mlp');
  expect(states).toEqual([null, null]);
  vi.advanceTimersByTime(300);
  expect(states).toEqual([null, { yaml: 'model: mlp' }]);
  navigation.keep('model: cnn');
  navigation.go({ view: 'run', id: 'R1' });
  expect(states).toEqual([null, { yaml: 'model: cnn' }, null]);
  vi.advanceTimersByTime(1000);
  expect(states).toHaveLength(3);
});

it('writes nothing of it into what one has gone back to', () => {
  const navigation = new Navigation('/dltrainer/');
  navigation.go(NEW);
  navigation.keep('model: mlp');
  window.dispatchEvent(new PopStateEvent('popstate', { state: null }));
  vi.advanceTimersByTime(1000);
  expect(states).toEqual([null, null]);
});
