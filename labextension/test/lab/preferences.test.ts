import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { expect, test, vi } from 'vitest';
import schema from '../../schema/studio.json';
import { DEFAULTS, Preferences } from '../../src/lab/preferences';

test('what holds without settings is what the settings say they are by default', () => {
  const described = Object.entries(schema.properties).map(([name, { default: value }]) => [name, value]);
  expect(Object.fromEntries(described)).toEqual(DEFAULTS);
});

test('each language that can be chosen is one that is spoken', async () => {
  const { LANGUAGES } = await import('../../src/words/words');
  const chosen = schema.properties.language.oneOf.map(option => option.const.split('-')[0]).filter(Boolean);
  expect(chosen.sort()).toEqual(Object.keys(LANGUAGES).sort());
});

test('a setting that changes is told', async () => {
  const listeners: (() => void)[] = [];
  const loaded = {
    composite: { language: 'es' },
    changed: { connect: (listener: () => void) => listeners.push(listener) }
  };
  const registry = { load: () => Promise.resolve(loaded) } as unknown as ISettingRegistry;
  const preferences = new Preferences(registry, 'plugin');
  expect(preferences.settings).toEqual(DEFAULTS);
  await preferences.ready;
  expect(preferences.settings).toEqual({ ...DEFAULTS, language: 'es' });
  const changed = vi.fn();
  preferences.changed.connect(changed);
  loaded.composite = { language: 'pt-BR' };
  for (const listener of listeners) {
    listener();
  }
  expect(changed).toHaveBeenCalledOnce();
  expect(preferences.settings.language).toBe('pt-BR');
});
