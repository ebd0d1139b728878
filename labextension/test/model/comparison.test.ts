import { describe, expect, it } from 'vitest';
import { runColours } from '../../src/charts/colours';
import type { Snapshot } from '../../src/contract';
import {
  type Shown,
  horizontalOf,
  leaders,
  metricCharts,
  pictureOfChart,
  timeUnit,
  valueAt,
  wholeRange
} from '../../src/model/comparison';
import { snapshot } from '../snapshot';

function shown(id: string, changes: Partial<Snapshot> = {}): Shown {
  const run = { ...snapshot().run, id };
  const colour = runColours([id], new Map()).get(id);
  if (colour === undefined) {
    throw new Error('every run has a colour');
  }
  return { id, colour, snapshot: snapshot({ run, ...changes }), fine: null };
}

const SECONDS = { name: 's', seconds: 1 } as const;

describe('metricCharts', () => {
  it('lays the runs of a metric on one chart, the loss first', () => {
    const accuracy = { epoch: [1], step: [180], val_accuracy: [0.9], val_loss: [0.4] };
    const charts = metricCharts(
      [shown('a', { epochs: accuracy }), shown('b')],
      'validation',
      'step',
      SECONDS
    );
    expect(charts.map(({ name, runs }) => [name, runs.map(({ run }) => run.id)])).toEqual([
      ['loss', ['a', 'b']],
      ['accuracy', ['a']]
    ]);
  });

  it.each([
    ['validation', ['val_loss']],
    ['train', ['train_loss']],
    ['both', ['train_loss', 'val_loss']]
  ] as const)('shows the curves that are wanted: %s', (which, names) => {
    const [loss] = metricCharts([shown('a')], which, 'step', SECONDS);
    expect(loss?.runs[0]?.series.map(({ name }) => name)).toEqual(names);
  });

  it('shows the training where nothing was validated', () => {
    const [loss] = metricCharts([shown('a', { epochs: {} })], 'validation', 'step', SECONDS);
    expect(loss?.runs[0]?.series.map(({ name }) => name)).toEqual(['train_loss']);
  });
});

describe('the charts', () => {
  it('stand in the order of a run alone: the rate behind the metrics, the machine last', () => {
    const curves = { 'system/cpu': { steps: [1], values: [0.4] }, train_loss: { steps: [1], values: [2] } };
    const epochs = {
      epoch: [1, 2],
      step: [9, 18],
      learning_rate: [1, 2],
      val_f1: [0, 1],
      val_accuracy: [0, 1]
    };
    const charts = metricCharts([shown('a', { curves, epochs })], 'validation', 'step', SECONDS);
    expect(charts.map(({ name }) => name)).toEqual(['loss', 'accuracy', 'f1', 'learning_rate', 'system/cpu']);
  });
});

describe('the horizontal axis', () => {
  it('goes to the end of the longest run, with room where one is alive', () => {
    const done = { ...snapshot().run, state: 'completed' as const };
    const progress = { ...snapshot().progress, step: 700 };
    expect(wholeRange([shown('a', { run: { ...done, id: 'a' }, progress })], 'step', SECONDS)).toEqual([
      0, 700
    ]);
    expect(wholeRange([shown('a')], 'step', SECONDS)).toEqual([0, 1250]);
  });

  it('shows training time at the mean speed of each run, in a fitting unit', () => {
    const progress = { ...snapshot().progress, step: 1000, train_seconds: 7200 };
    const run = shown('a', { progress });
    const unit = timeUnit([run]);
    expect(unit).toEqual({ name: 'min', seconds: 60 });
    const horizontal = horizontalOf(run.snapshot, 'time', unit);
    expect(horizontal?.toX(500)).toBeCloseTo(60);
    expect(horizontal?.toStep(60)).toBeCloseTo(500);
  });

  it('is unknown in epochs and in time before there is any', () => {
    const progress = { ...snapshot().progress, step: 0, train_seconds: 0, steps_per_epoch: null };
    const empty = shown('a', { progress, epochs: {} }).snapshot;
    expect(horizontalOf(empty, 'epoch', SECONDS)).toBeNull();
    expect(horizontalOf(empty, 'time', SECONDS)).toBeNull();
  });
});

describe('pictureOfChart', () => {
  it('gives each run its colour, and marks its best point with it', () => {
    const epochs = { epoch: [6], step: [1080], val_accuracy: [0.9842] };
    const runs = [shown('a', { epochs }), shown('b', { epochs })];
    const chart = metricCharts(runs, 'validation', 'step', SECONDS).find(({ name }) => name === 'accuracy');
    const picture = chart && pictureOfChart(chart, { x: [0, 100], log: false, smoothing: 1 });
    expect(picture?.lines.map(({ colour }) => colour)).toEqual(runs.map(({ colour }) => colour.css));
    expect(picture?.marks.best).toEqual(
      runs.map(({ colour }) => ({ x: 1080, y: 0.9842, colour: colour.css }))
    );
  });
});

describe('valueAt', () => {
  const series = {
    name: 'val_loss',
    role: 'validation',
    steps: [100, 200],
    values: [0.5, null],
    perStep: false
  } as const;

  it('gives the nearest value, and none where the run has ended', () => {
    const asked = { ...series, steps: [...series.steps], values: [...series.values] };
    expect([valueAt(asked, 120, 5), valueAt(asked, 199, 5), valueAt(asked, 300, 5)]).toEqual([
      0.5,
      null,
      undefined
    ]);
  });
});

describe('leaders', () => {
  const with_ = (id: string, value: number, metric = 'val_accuracy', mode: 'min' | 'max' = 'max') =>
    shown(id, { best: { metric, mode, value, epoch: 1, step: 1 } }).snapshot;

  it('are the best by the metric they share, by its own measure', () => {
    const all = [
      with_('a', 0.9),
      with_('b', 0.95),
      with_('c', 0.2, 'val_loss', 'min'),
      with_('d', 0.1, 'val_loss', 'min')
    ];
    expect(leaders(all)).toEqual(new Set(['b', 'd']));
  });

  it('need a rival', () => {
    expect(leaders([with_('a', 0.9)])).toEqual(new Set());
  });
});
