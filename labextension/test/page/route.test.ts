import { beforeEach, expect, test, vi } from 'vitest';
import { Navigation } from '../../src/page/navigation';
import { type Route, addressOf, routeOf } from '../../src/page/route';

const BASE = '/some/prefix/dltrainer/';

const ROUTES: [Route, string][] = [
  [{ view: 'start' }, BASE],
  [{ view: 'run', id: '0123456789ab' }, `${BASE}runs/0123456789ab`],
  [{ view: 'run', id: 'größe/100 %?' }, `${BASE}runs/gr%C3%B6%C3%9Fe%2F100%20%25%3F`],
  [{ view: 'compare', ids: ['a', 'b c'] }, `${BASE}compare?runs=a,b%20c`],
  [{ view: 'compare', ids: [] }, `${BASE}compare?runs=`],
  [{ view: 'new' }, `${BASE}new`]
];

function read(address: string): Route {
  return routeOf(BASE, new URL(address, 'http://localhost'));
}

test.each(ROUTES)('%j has an address that leads back to it', (route, address) => {
  expect(addressOf(BASE, route)).toBe(address);
  expect(read(address)).toEqual(route);
});

test.each(['', 'runs', 'runs/', 'runs/a/b', 'new/x', 'compare/x', 'nothing'])(
  '%j leads to the start',
  rest => {
    expect(read(BASE + rest)).toEqual({ view: 'start' });
  }
);

test('an address that is no text is taken as it stands', () => {
  expect(read(`${BASE}runs/%E0%A4%A`)).toEqual({ view: 'run', id: '%E0%A4%A' });
  expect(read('/elsewhere/runs/a')).toEqual({ view: 'start' });
});

beforeEach(() => history.replaceState(null, '', BASE));

test('going somewhere is in the history once, with what a new run begins with', () => {
  const navigation = new Navigation(BASE);
  const listener = vi.fn();
  navigation.subscribe(listener);
  const before = history.length;
  navigation.go({ view: 'new' }, 'name: x');
  navigation.go({ view: 'new' }, 'name: x');
  expect(history.length).toBe(before + 1);
  expect(listener).toHaveBeenCalledOnce();
  expect(navigation.yaml).toBe('name: x');
  // A page that is loaded again finds both.
  const reloaded = new Navigation(BASE);
  expect([reloaded.route, reloaded.yaml]).toEqual([{ view: 'new' }, 'name: x']);
});

test('other YAML is another new run at the same address', () => {
  const navigation = new Navigation(BASE);
  navigation.go({ view: 'new' });
  const before = history.length;
  navigation.go({ view: 'new' }, 'name: y');
  expect(history.length).toBe(before + 1);
});

test('what a view changes stands in the address and disturbs nobody', () => {
  const navigation = new Navigation(BASE);
  navigation.go({ view: 'compare', ids: ['a'] });
  const listener = vi.fn();
  navigation.subscribe(listener);
  navigation.amend({ view: 'compare', ids: ['a', 'b'] });
  expect(location.search).toBe('?runs=a,b');
  expect(listener).not.toHaveBeenCalled();
});
