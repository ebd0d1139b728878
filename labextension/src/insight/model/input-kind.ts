import { useEffect, useState } from 'preact/hooks';
import type { TryResult } from '../../contract';
import type { InsightClient } from '../contract';

/** What the inputs of a run are, as far as an example of it says. */
export interface InputKind {
  kind: 'image' | 'rows' | 'unknown';
  /** Pixels of the longer side. */
  pixels: number | null;
  /** Values of a row. */
  width: number | null;
  features: string[] | null;
}

export const UNKNOWN: InputKind = { kind: 'unknown', pixels: null, width: null, features: null };

/** Canvases are for small pictures; nobody draws a photograph. */
const DRAWABLE = 96;

export type Way = 'examples' | 'files' | 'draw' | 'text';

/** The ways in which such inputs can be brought along. */
export function waysFor({ kind, pixels }: InputKind): Way[] {
  const draws = kind === 'unknown' || (kind === 'image' && (pixels === null || pixels <= DRAWABLE));
  const writes = kind !== 'image';
  return ['examples', 'files', ...(draws ? (['draw'] as const) : []), ...(writes ? (['text'] as const) : [])];
}

/** What the inputs are, by what was tried. */
export function kindOfTried({ items }: TryResult): InputKind {
  const first = items[0];
  if (first?.image != null) {
    const height = first.image.length;
    return { ...UNKNOWN, kind: 'image', pixels: Math.max(height, first.image[0]?.length ?? 0) };
  }
  return first?.features != null ? { ...UNKNOWN, kind: 'rows', width: first.features.length } : UNKNOWN;
}

const known = new WeakMap<InsightClient, InputKind>();

/** What the inputs of a run are: as what was tried shows, else as an example that was kept. */
export function useInputKind(client: InsightClient, tried: TryResult | null): InputKind {
  const [found, setFound] = useState<InputKind>(known.get(client) ?? UNKNOWN);
  useEffect(() => {
    let over = false;
    const tell = (kind: InputKind) => {
      known.set(client, kind);
      if (!over) {
        setFound(kind);
      }
    };
    if (!known.has(client)) {
      // Whoever keeps no examples can still be asked; then every way is open.
      client.read('examples', { count: 1 }).then(
        answer => kindOfKept(answer).then(tell),
        () => undefined
      );
    }
    return () => {
      over = true;
    };
  }, [client]);
  return found.kind === 'unknown' && tried !== null ? kindOfTried(tried) : found;
}

/** What an example of the store says: its picture's size, or its row's width. */
async function kindOfKept(answer: unknown): Promise<InputKind> {
  const { items, feature_names: names } = Object(answer) as { items?: unknown; feature_names?: unknown };
  const first = Object(Array.isArray(items) ? items[0] : null) as { image?: unknown; features?: unknown };
  if (typeof first.image === 'string') {
    return { ...UNKNOWN, kind: 'image', pixels: await longerSide(first.image) };
  }
  if (Array.isArray(first.features)) {
    const width = first.features.length;
    const features = Array.isArray(names) && names.length === width ? names.map(String) : null;
    return { ...UNKNOWN, kind: 'rows', width, features };
  }
  return UNKNOWN;
}

function longerSide(source: string): Promise<number | null> {
  return new Promise(resolve => {
    const image = new Image();
    image.onload = () => resolve(Math.max(image.naturalWidth, image.naturalHeight));
    image.onerror = () => resolve(null);
    image.src = source;
  });
}
