import { useRef, useState } from 'preact/hooks';
import { useWords } from '../words/words';
import type { Layer } from './contract';
import * as model from './model';
import { type LayerKind, newId, useIds } from './rows';

/** What can be done to a stack, and what is chosen in it. */
export interface Stack {
  ids: readonly number[];
  names: readonly string[];
  /** The place of the layer that is chosen; -1 if none is. */
  selected: number;
  /** In front of which layer new ones go; `null` for behind the one that is chosen, or at the end. */
  caret: number | null;
  /** What has just happened, for those who don't see it; different each time. */
  said: { text: string; number: number };
  select: (at: number) => void;
  putCaret: (at: number | null) => void;
  add: (kind: LayerKind, at?: number) => void;
  move: (from: number, to: number) => void;
  remove: (at: number) => void;
  duplicate: (at: number) => void;
  configure: (at: number, settings: Record<string, unknown>) => void;
  rename: (at: number, name: string | null) => void;
  begin: (label: string, layers: Layer[]) => void;
  say: (text: string) => void;
}

/** Edits layers that somebody else keeps: what is chosen stays so, whoever edits them. */
export function useStack(layers: readonly Layer[], onLayers: (layers: Layer[]) => void): Stack {
  const words = useWords().builder;
  const { ids, expect } = useIds(layers);
  const [chosen, choose] = useState<number | null>(null);
  const [caret, putCaret] = useState<number | null>(null);
  const [said, setSaid] = useState({ text: '', number: 0 });
  const names = model.namesOf(layers);
  const selected = usePlace(chosen, ids);
  const say = (text: string) => setSaid(({ number }) => ({ text, number: number + 1 }));
  const edit = (next: Layer[], nextIds: number[], choice: number | null) => {
    expect(next, nextIds);
    choose(choice);
    onLayers(next);
  };

  return {
    ids,
    names,
    selected,
    caret: caret !== null && caret <= layers.length ? caret : null,
    said,
    say,
    select: at => {
      choose(ids[at] ?? null);
      putCaret(null);
    },
    putCaret,
    add: (kind, wanted) => {
      const at = wanted ?? caret ?? (selected < 0 ? layers.length : selected + 1);
      const id = newId();
      const next = model.inserted(layers, at, model.freshLayer(kind));
      // Where the caret is, one new layer after the other goes.
      putCaret(wanted === undefined && caret !== null ? at + 1 : null);
      edit(next, insertedId(ids, at, id), id);
      say(words.addedAt(model.namesOf(next)[at] ?? kind.name, at + 1, next.length));
    },
    move: (from, to) => {
      const id = ids[from];
      if (id === undefined || to < 0 || to >= layers.length) {
        return;
      }
      const next = model.moved(layers, from, to);
      putCaret(null);
      if (from !== to) {
        edit(next, insertedId(without(ids, from), to, id), id);
      }
      say(words.movedTo(names[from] ?? '', to + 1, layers.length));
    },
    remove: at => {
      const next = model.removed(layers, at);
      const rest = without(ids, at);
      putCaret(null);
      edit(next, rest, rest[Math.min(at, rest.length - 1)] ?? null);
      say(words.removedOne(names[at] ?? '', next.length));
    },
    duplicate: at => {
      const id = newId();
      const next = model.duplicated(layers, at);
      putCaret(null);
      edit(next, insertedId(ids, at + 1, id), id);
      say(words.copiedAs(names[at] ?? '', at + 2, next.length));
    },
    configure: (at, settings) => edit(model.configured(layers, at, settings), [...ids], ids[at] ?? null),
    rename: (at, name) => edit(model.renamed(layers, at, name), [...ids], ids[at] ?? null),
    begin: (label, begun) => {
      const fresh = begun.map(newId);
      putCaret(null);
      edit([...begun], fresh, fresh.at(-1) ?? null);
      say(words.began(label, begun.length));
    }
  };
}

/** Where the layer is that was chosen; once it is gone, as by undo, the one that took its place is chosen. */
function usePlace(chosen: number | null, ids: readonly number[]): number {
  const last = useRef(-1);
  const found = chosen === null ? -1 : ids.indexOf(chosen);
  const place = chosen === null || found >= 0 ? found : Math.min(last.current, ids.length - 1);
  last.current = place;
  return place;
}

const insertedId = (ids: readonly number[], at: number, id: number) => [
  ...ids.slice(0, at),
  id,
  ...ids.slice(at)
];
const without = (ids: readonly number[], at: number) => ids.filter((_, index) => index !== at);
