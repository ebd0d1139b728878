import { act } from 'preact/test-utils';
import { expect, it, vi } from 'vitest';
import type { Picture } from '../../src/charts/line-chart';
import { mountCompare } from '../../src/studio/compare';
import { snapshot } from '../snapshot';
import { TestStudio, settle, testHost } from './client';

let picture: Picture;
let zoom: (range: [number, number]) => void;
// A chart draws itself; what counts is what it is told.
vi.mock('../../src/panel/plot', () => ({
  Plot: (props: { picture: Picture; onZoom: typeof zoom }) => {
    picture = props.picture;
    zoom = props.onZoom;
    return null;
  }
}));

it('shows the window of time that was chosen when the axis goes on from seconds to minutes', async () => {
  const trained = (seconds: number) =>
    snapshot({ revision: seconds, progress: { ...snapshot().progress, train_seconds: seconds } });
  const studio = new TestStudio([trained(170)]);
  const root = document.createElement('div');
  const kept: Record<string, string> = { 'compare-unit': 'time' };
  const memory = { get: (key: string) => kept[key], set: () => undefined };
  let unmount: () => void = () => undefined;
  await act(async () => {
    unmount = mountCompare(root, studio, ['R1'], testHost(), { memory });
    await settle();
  });
  await act(() => zoom([60, 120]));
  expect(picture.x).toEqual([60, 120]);
  await act(() => studio.followed.get('R1')?.tell(trained(190)));
  await act(() => new Promise(resolve => setTimeout(resolve, 200)));
  expect(picture.x).toEqual([1, 2]);
  unmount();
});
