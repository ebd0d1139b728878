import { afterEach, expect, test, vi } from 'vitest';
import type { Memory, RunState } from '../../src/contract';
import { ThemeChoice } from '../../src/page/theme';
import { titleOf } from '../../src/page/title';
import { PAGE_LANGUAGES, pageWords } from '../../src/page/words';
import { words } from '../../src/words/words';
import { snapshot } from '../snapshot';

afterEach(() => {
  document.documentElement.removeAttribute('theme');
  vi.unstubAllGlobals();
});

function titled(state: RunState, fraction: number, language = 'en'): string {
  const found = snapshot();
  return titleOf(
    { ...found, run: { ...found.run, state, name: 'digits' }, progress: { ...found.progress, fraction } },
    words(language)
  );
}

test('a tab tells the state first, and how far a run is that goes on', () => {
  expect(titled('running', 0.366)).toBe('● running 36 % – digits');
  expect(titled('paused', 0.5)).toBe('‖ paused 50 % – digits');
  expect(titled('completed', 1)).toBe('✓ completed – digits');
  expect(titled('failed', 0.2)).toBe('✕ failed – digits');
  expect(titled('running', 0.9999, 'pt')).toBe('● em execução 99 % – digits');
});

function system(dark: boolean): void {
  vi.stubGlobal('matchMedia', () => ({ matches: dark, addEventListener: () => undefined }));
}

function memory(): Memory {
  const values = new Map<string, unknown>();
  return { get: key => values.get(key), set: (key, value) => values.set(key, value) };
}

test('colours are the system’s until a person wants the others, and again once they agree', () => {
  system(false);
  const kept = memory();
  const theme = new ThemeChoice(kept);
  expect([theme.shown, document.documentElement.getAttribute('theme')]).toEqual(['light', null]);
  theme.switch();
  expect([theme.shown, document.documentElement.getAttribute('theme')]).toEqual(['dark', 'dark']);
  expect(new ThemeChoice(kept).shown).toBe('dark');
  system(true);
  const later = new ThemeChoice(kept);
  later.switch();
  expect(document.documentElement.getAttribute('theme')).toBe('light');
  later.switch();
  expect([later.shown, document.documentElement.getAttribute('theme')]).toEqual(['dark', null]);
});

test('the page says everything in every language', () => {
  for (const [language, said] of Object.entries(PAGE_LANGUAGES)) {
    expect(Object.values(said).every(text => text.trim() === text && text !== '')).toBe(true);
    expect(pageWords(`${language}-XX`)).toBe(said);
  }
  expect(new Set(Object.values(PAGE_LANGUAGES).map(said => said.first)).size).toBe(3);
});
