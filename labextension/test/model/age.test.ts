import { describe, expect, it } from 'vitest';
import { ageIn } from '../../src/model/age';

const NOW = Date.parse('2026-03-14T09:30:00Z');
const ago = (seconds: number) => new Date(NOW - 1000 * seconds).toISOString();

/** Without the points that one version of the language data has and another hasn't. */
const bare = (language: string) => (iso: string, now: number) => ageIn(language)(iso, now).replace('.', '');

describe('age', () => {
  it('is told in the largest whole unit', () => {
    const age = bare('en');
    expect([3, 60, 3599, 7200, 86_400, 40 * 86_400].map(seconds => age(ago(seconds), NOW))).toEqual([
      'now',
      '1 min ago',
      '59 min ago',
      '2 hr ago',
      '1 day ago',
      '1 mo ago'
    ]);
  });

  it('speaks the language', () => {
    expect(bare('pt-BR')(ago(180), NOW)).toBe('há 3 min');
    expect(bare('es')(ago(180), NOW)).toBe('hace 3 min');
  });

  it('takes a clock that is ahead for now, and no date for none', () => {
    expect(ageIn('en')(ago(-90), NOW)).toBe('now');
    expect(ageIn('en')('never', NOW)).toBe('–');
  });
});
