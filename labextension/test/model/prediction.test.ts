import { describe, expect, it } from 'vitest';
import {
  type Prediction,
  answeredInputs,
  downloadColumns,
  likely,
  milliseconds,
  shortDigest,
  valueText
} from '../../src/model/prediction';

const answer: Prediction = {
  task: 'classification',
  predictions: ['3', '8'],
  labels: ['3', '8'],
  checkpoint: { step: 90, epoch: 1 },
  digest: 'sha256:9f86d081884c7d65',
  latency_ms: 4.2,
  top: [
    [
      { class: 3, label: '3', confidence: 0.9 },
      { class: 8, label: '8', confidence: 0.1 }
    ],
    [{ class: 8, label: '8', confidence: 0.7 }]
  ],
  names: ['a.png', null],
  thumbnails: ['data:image/png;base64,AA', null],
  heatmaps: null
};

describe('a prediction', () => {
  it('tells no guesses that are next to nothing, but always one', () => {
    const guesses = (...shares: number[]) => shares.map(confidence => ({ confidence }));
    expect(likely(guesses(0.9987, 0.001, 0.0004))).toEqual(guesses(0.9987, 0.001));
    expect(likely(guesses(0.0009, 0.0008))).toEqual(guesses(0.0009));
  });

  it('of several outputs tells each by its name', () => {
    const several: Prediction = {
      ...answer,
      top: null,
      labels: null,
      predictions: [{ digit: '3', odd: 'yes' }]
    };
    expect(answeredInputs(several, String).map(({ prediction }) => prediction)).toEqual(['digit 3, odd yes']);
    const masks: Prediction = { ...several, task: 'segmentation' };
    expect(answeredInputs(masks, String)[0]).toMatchObject({ mask: null, prediction: 'digit 3, odd yes' });
  });

  it('is one line an input, with a name for each', () => {
    const lines = answeredInputs(answer, number => `input ${number}`);
    expect(lines.map(({ name, prediction }) => [name, prediction])).toEqual([
      ['a.png', '3'],
      ['input 2', '8']
    ]);
    expect(lines[0]?.thumbnail).toBe('data:image/png;base64,AA');
    expect(lines[1]?.heatmap).toBeNull();
  });

  it('is a value where there are no classes', () => {
    const { top: _, ...plain } = { ...answer, predictions: [1.23456, [1, 2.5]] };
    expect(answeredInputs(plain, String).map(({ prediction }) => prediction)).toEqual([
      '1.235',
      '1.000, 2.500'
    ]);
    expect(valueText(Array.from({ length: 9 }, (_value, i) => i))).toMatch(/7\.000, …$/);
    expect(valueText(null)).toBe('–');
  });

  it('is boxes or pixels only where that is the task, whatever its numbers look like', () => {
    const numbers = [
      [0, 0, 4, 4, 0.5, 1],
      [2, 2, 4, 4, 0.9, 0]
    ];
    const told = (task: Prediction['task'], prediction: unknown) =>
      answeredInputs(
        { ...answer, task, predictions: [prediction], labels: ['cat', 'dog'], top: null },
        String
      )[0];
    expect(told('detection', numbers)).toMatchObject({ prediction: 'cat 90 %, dog 50 %', mask: null });
    expect(told('detection', [])).toMatchObject({ prediction: '–', boxes: [], mask: null });
    expect(
      told('segmentation', [
        [0, 1],
        [1, 1]
      ])
    ).toMatchObject({ prediction: 'dog 75 %, cat 25 %', boxes: null });
    expect(told('regression', numbers)).toMatchObject({ boxes: null, mask: null });
  });

  it('is downloaded with the same columns for each input', () => {
    expect(downloadColumns(answeredInputs(answer, String), 2)).toEqual({
      columns: ['name', 'prediction', 'top_1', 'confidence_1', 'top_2', 'confidence_2'],
      lines: [
        ['a.png', '3', '3', 0.9, '8', 0.1],
        ['2', '8', '8', 0.7, '', '']
      ]
    });
  });

  it('names its weights and its time shortly', () => {
    expect(shortDigest('sha256:9f86d081884c7d65')).toBe('9f86d081');
    expect(shortDigest('9f86d081884c7d65')).toBe('9f86d081');
    expect([0.0041, 0.0412, 0.417, 4.21, 137.2, null].map(milliseconds)).toEqual([
      '4.1 µs',
      '41 µs',
      '0.42 ms',
      '4.2 ms',
      '137 ms',
      '–'
    ]);
  });
});
