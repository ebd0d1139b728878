import { type Settings, isSettings, readYaml, same } from './yaml-document';

export type { Settings } from './yaml-document';

/** Reads a configuration; `null` if it is none (yet). */
export function parseSettings(text: string): Settings | null {
  return text.trim() === '' ? null : (readYaml(text)?.values ?? null);
}

/** What a clone is asked to do otherwise. */
export interface Changes {
  /** Settings that were added or have another value. */
  changes: Settings;
  /** Settings that were left out; a clone keeps them as they were. */
  kept: string[];
}

export function changesBetween(before: Settings, after: Settings): Changes {
  const changed = Object.entries(after).filter(([key, value]) => !same(before[key], value));
  return {
    changes: Object.fromEntries(changed),
    kept: Object.keys(before).filter(key => !(key in after))
  };
}

/** A setting by its path: `optimizer.weight_decay`. */
export interface Difference {
  key: string;
  /** One text a run; `null` where the run leaves it at what it is by default. */
  values: (string | null)[];
}

/** The settings in which runs differ, in the order they are written. */
export function differences(all: (Settings | null)[]): Difference[] {
  const flat = all.map(settings => flatten(settings ?? {}));
  const keys = [...new Set(flat.flatMap(settings => [...settings.keys()]))];
  return keys
    .map(key => ({ key, values: flat.map(settings => settings.get(key) ?? null) }))
    .filter(({ values }) => new Set(values).size > 1);
}

/** A mapping with a type is the type and its settings: `{type: adamw, weight_decay: 0.01}` is `adamw` as well. */
function flatten(settings: Settings, prefix = ''): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [key, value] of Object.entries(settings)) {
    const path = prefix + key;
    if (isSettings(value)) {
      const { type, ...rest } = value;
      if (type !== undefined) {
        flat.set(path, written(type));
      }
      for (const [inner, text] of flatten(rest, `${path}.`)) {
        flat.set(inner, text);
      }
    } else {
      flat.set(path, written(value));
    }
  }
  return flat;
}

/** A value as one writes it on one line. */
export function written(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(written).join(', ')}]`;
  }
  if (isSettings(value)) {
    const entries = Object.entries(value).map(([key, item]) => `${key}: ${written(item)}`);
    return `{${entries.join(', ')}}`;
  }
  return String(value);
}
