import { useEffect, useRef, useState } from 'preact/hooks';
import type { Part } from '../form/contract';
import { written } from '../model/yaml';
import type { Followed, Layer, LayerLine } from './contract';
import { aligned, alike, settingsOf } from './model';

/** A kind of layer, and by what it is grouped. */
export interface LayerKind extends Part {
  tags?: string[];
}

/** What an outline says of each layer there is now, and of the output behind them. */
export function knownLines(
  layers: readonly Layer[],
  outline: Followed | null
): {
  /** Of each layer; `null` where nothing is known. */
  lines: (LayerLine | null)[];
  end: LayerLine | null;
  /** Whether it is of the layers as they were a moment ago. */
  stale: boolean;
} {
  if (outline === null) {
    return { lines: layers.map(() => null), end: null, stale: true };
  }
  const { lines } = outline.answer;
  const stale = !alike(outline.layers, layers);
  const was = stale ? aligned(outline.layers, layers) : layers.map((_, at) => at);
  const last = lines.at(-1);
  return {
    lines: was.map(at => (at === null ? null : (lines[at] ?? null))),
    end: last?.added === true ? last : null,
    stale
  };
}

/** A layer that doesn't fit, by its place. */
export interface Misfit {
  at: number;
  /** Which layer, and why. */
  message: string;
  /** Why alone. */
  reason: string;
}

/** Finds the first layer that doesn't fit, whatever its settings; `null` if all do. */
export function misfitOf(outline: Followed | null): Misfit | null {
  for (const [at, { name, problems }] of (outline?.answer.lines ?? []).entries()) {
    const problem = problems.find(({ path }) => path.length === 0);
    if (problem !== undefined) {
      const { message } = problem;
      return {
        at,
        message: message.startsWith(`${name} `) ? message : `${name}: ${message}`,
        reason: message
      };
    }
  }
  return null;
}

/** The settings that matter most, on one line: what is written, or else the first as it is by default. */
export function summary(layer: Layer, kind: LayerKind | null): string {
  const settings = Object.entries(settingsOf(layer)).filter(([, value]) => value !== null);
  const [main] = kind?.settings.filter(({ advanced }) => advanced !== true) ?? [];
  const shown =
    main === undefined ||
    main.name in settingsOf(layer) ||
    main.default === null ||
    main.default === undefined
      ? settings
      : [[main.name, main.default] as [string, unknown], ...settings];
  return shown.map(([name, value]) => `${name.replaceAll('_', ' ')} ${written(value)}`).join(', ');
}

let ids = 0;

/**
 * Numbers by which layers are the same ones from one drawing to the next, whoever has edited them.
 *
 * @returns the numbers, and a function that tells beforehand which they will be
 */
export function useIds(layers: readonly Layer[]): {
  ids: readonly number[];
  expect: (layers: readonly Layer[], ids: readonly number[]) => void;
} {
  const known = useRef<{ layers: readonly Layer[]; ids: readonly number[] }>({ layers: [], ids: [] });
  const expected = useRef<{ layers: readonly Layer[]; ids: readonly number[] } | null>(null);
  // Two layers that say the same may have changed places, though the list says what it said.
  if (expected.current !== null && alike(expected.current.layers, layers)) {
    known.current = expected.current;
    expected.current = null;
  } else if (!alike(known.current.layers, layers)) {
    const before = known.current.ids;
    const was = aligned(known.current.layers, layers);
    known.current = { layers, ids: was.map(at => (at === null ? newId() : (before[at] ?? newId()))) };
    expected.current = null;
  }
  return {
    ids: known.current.ids,
    expect: (next, nextIds) => {
      expected.current = { layers: next, ids: nextIds };
    }
  };
}

export function newId(): number {
  ids += 1;
  return ids;
}

/** Whether something has been so for longer than a moment. */
export function useLong(so: boolean, ms: number): boolean {
  const [long, setLong] = useState(false);
  useEffect(() => {
    if (!so) {
      setLong(false);
      return undefined;
    }
    const timer = setTimeout(() => setLong(true), ms);
    return () => clearTimeout(timer);
  }, [so, ms]);
  return so && long;
}
