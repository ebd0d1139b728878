import { describe, expect, it } from 'vitest';
import { changesBetween, differences, parseSettings, written } from '../../src/model/yaml';

describe('parseSettings', () => {
  it('reads numbers as Python does, and takes what is no mapping for nothing', () => {
    expect(parseSettings('learning_rate: 1e-3\nmetrics: [accuracy]')).toEqual({
      learning_rate: 0.001,
      metrics: ['accuracy']
    });
    expect([parseSettings('- 1'), parseSettings('a: ['), parseSettings('')]).toEqual([null, null, null]);
  });
});

describe('changesBetween', () => {
  it('gives what is new or different, and names what was left out', () => {
    const before = { epochs: 10, seed: 0, optimizer: { type: 'adam', lr: 1 } };
    expect(changesBetween(before, { epochs: 20, optimizer: { type: 'adam', lr: 1 }, ema: 0.99 })).toEqual({
      changes: { epochs: 20, ema: 0.99 },
      kept: ['seed']
    });
  });
});

describe('differences', () => {
  it('gives only settings whose values differ, the inner ones by their path', () => {
    const runs = [
      { model: 'cnn', seed: 0, optimizer: { type: 'adamw', weight_decay: 0.01 } },
      { model: 'cnn', seed: 1, optimizer: 'adamw' }
    ];
    expect(differences(runs)).toEqual([
      { key: 'seed', values: ['0', '1'] },
      { key: 'optimizer.weight_decay', values: ['0.01', null] }
    ]);
  });

  it('takes a run whose settings are not known for one that gives none', () => {
    expect(differences([{ seed: 0 }, null])).toEqual([{ key: 'seed', values: ['0', null] }]);
  });
});

describe('written', () => {
  it('writes lists and mappings on one line', () => {
    expect(written([{ type: 'f1', classes: [1, 2] }, null])).toBe('[{type: f1, classes: [1, 2]}, null]');
  });
});
