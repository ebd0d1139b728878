/** Layers as they stand in YAML, and what can be done to them; each function leaves what it is given as it is. */

import type { FormField, Part } from '../form/contract';
import { type Settings, isSettings } from '../model/yaml-document';
import type { Layer } from './contract';

/** The type of a layer; empty where it can't be read. */
export function kindOf(layer: Layer): string {
  const kind = isSettings(layer) ? layer.type : layer;
  return typeof kind === 'string' ? kind : '';
}

/** The name somebody gave it; `null` if it goes by its type. */
export function givenName(layer: Layer): string | null {
  const name = isSettings(layer) ? layer.name : null;
  return typeof name === 'string' ? name : null;
}

/** Its settings, without type and name. */
export function settingsOf(layer: Layer): Settings {
  if (!isSettings(layer)) {
    return {};
  }
  const { type: _type, name: _name, ...rest } = layer;
  return rest;
}

/** A layer as briefly as it can be written: `flatten`, `{type: dense, units: 64}`. */
function layerOf(kind: string, name: string | null, settings: Settings): Layer {
  if (name === null && Object.keys(settings).length === 0) {
    return kind;
  }
  return { type: kind, ...(name === null ? {} : { name }), ...settings };
}

/** A new layer of a kind, with what it can't do without. */
export function freshLayer(part: Part): Layer {
  const needed = part.settings.filter(({ required }) => required === true);
  return layerOf(part.name, null, Object.fromEntries(needed.map(field => [field.name, possible(field)])));
}

function possible(field: FormField): unknown {
  if (field.example !== undefined && field.example !== null) {
    return field.example;
  }
  if (field.options !== undefined && field.options.length > 0) {
    return field.options[0];
  }
  if (field.kind === 'list') {
    const item = field.item === undefined ? 1 : possible(field.item);
    return Array.from({ length: Math.max(1, field.shortest ?? 1) }, () => item);
  }
  return field.kind === 'int' || field.kind === 'float' ? (field.minimum ?? 1) : '';
}

export function inserted(layers: readonly Layer[], at: number, layer: Layer): Layer[] {
  return [...layers.slice(0, at), layer, ...layers.slice(at)];
}

export function removed(layers: readonly Layer[], at: number): Layer[] {
  return layers.filter((_, index) => index !== at);
}

/** With one layer at another place; `to` counts as if it had been taken out before. */
export function moved(layers: readonly Layer[], from: number, to: number): Layer[] {
  return from >= 0 && from < layers.length ? inserted(removed(layers, from), to, layers[from]) : [...layers];
}

/** With a copy behind one; a name isn't copied, since no two layers may have the same. */
export function duplicated(layers: readonly Layer[], at: number): Layer[] {
  const layer = layers[at];
  return inserted(
    layers,
    at + 1,
    isSettings(layer) ? layerOf(kindOf(layer), null, settingsOf(layer)) : layer
  );
}

/** With another name for one, or none. */
export function renamed(layers: readonly Layer[], at: number, name: string | null): Layer[] {
  return replaced(layers, at, layerOf(kindOf(layers[at]), name, settingsOf(layers[at])));
}

/** With other settings for one. */
export function configured(layers: readonly Layer[], at: number, settings: Settings): Layer[] {
  return replaced(layers, at, layerOf(kindOf(layers[at]), givenName(layers[at]), settings));
}

function replaced(layers: readonly Layer[], at: number, layer: Layer): Layer[] {
  return layers.map((it, index) => (index === at ? layer : it));
}

/** What each is called, as the server calls them: as somebody said, or by type, with a number where there are several. */
export function namesOf(layers: readonly Layer[]): string[] {
  const kinds = layers.map(layer => kindOf(layer) || '?');
  const unnamed = new Map<string, number>();
  for (const [at, kind] of kinds.entries()) {
    if (givenName(layers[at]) === null) {
      unnamed.set(kind, (unnamed.get(kind) ?? 0) + 1);
    }
  }
  const numbers = new Map<string, number>();
  return kinds.map((kind, at) => {
    const number = (numbers.get(kind) ?? 0) + 1;
    numbers.set(kind, number);
    const plain = (unnamed.get(kind) === 1 ? kind : `${kind}${number}`).replace(/[.-]/g, '_');
    return givenName(layers[at]) ?? plain;
  });
}

/** For each layer, which one it was before; `null` for one that is new. What is edited in place is the same layer. */
export function aligned(before: readonly Layer[], after: readonly Layer[]): (number | null)[] {
  const old = before.map(text);
  const now = after.map(text);
  let start = 0;
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) {
    start += 1;
  }
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) {
    end += 1;
  }
  const found = now.map((_, at): number | null => (at < start ? at : null));
  for (let at = 0; at < end; at += 1) {
    found[now.length - 1 - at] = old.length - 1 - at;
  }
  const places = new Map<string, number[]>();
  for (let at = start; at < old.length - end; at += 1) {
    places.set(old[at] ?? '', [...(places.get(old[at] ?? '') ?? []), at]);
  }
  for (let at = start; at < now.length - end; at += 1) {
    found[at] = places.get(now[at] ?? '')?.shift() ?? null;
  }
  // As many as are gone are new: they were edited.
  const gone = [...places.values()].flat().sort((one, other) => one - other);
  const fresh = found.flatMap((was, at) => (was === null ? [at] : []));
  if (gone.length === fresh.length) {
    for (const [index, at] of fresh.entries()) {
      found[at] = gone[index] ?? null;
    }
  }
  return found;
}

/** Tells whether two lists of layers are written alike. */
export function alike(one: readonly Layer[], other: readonly Layer[]): boolean {
  return (
    one === other || (one.length === other.length && one.every((it, at) => text(it) === text(other[at])))
  );
}

const text = (layer: Layer): string => JSON.stringify(layer) ?? '';
