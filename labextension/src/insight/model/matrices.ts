import type { PackedMatrices } from './answers';

/** So many bytes of counts are asked for at once, and so many are kept. */
const LIMITS = { chunk: 4_000_000, kept: 96_000_000 };
const MOST_EPOCHS = 50;

type Ask = (after: number, limit: number) => Promise<PackedMatrices>;

/**
 * The confusion matrices of a run, by epoch: fetched in chunks of neighbours, the one that is wanted first and the
 * others after it, as long as there is room for them. What was looked at longest ago gives way.
 */
export class Matrices {
  readonly #ask: Ask;
  readonly #told: () => void;
  readonly #limits: typeof LIMITS;
  /** In the order in which chunks were last used. */
  readonly #chunks = new Map<number, Map<number, Int32Array>>();
  readonly #failed = new Map<number, Error>();
  #epochs: number[] = [];
  #size = 0;
  #wanted = 0;
  #busy = false;

  /** @param told is called when there is more */
  constructor(ask: Ask, told: () => void, limits = LIMITS) {
    this.#ask = ask;
    this.#told = told;
    this.#limits = limits;
  }

  /** Says which epochs there are, oldest first, and how many classes. */
  about(epochs: number[], size: number): void {
    if (
      size !== this.#size ||
      epochs.some((epoch, i) => i < this.#epochs.length && epoch !== this.#epochs[i])
    ) {
      this.clear();
    }
    const before = this.#epochs.length;
    this.#epochs = [...epochs];
    this.#size = size;
    if (epochs.length > before && before % this.#length !== 0) {
      // The last chunk has room for what is new.
      this.#chunks.delete(Math.floor(before / this.#length));
    }
  }

  clear(): void {
    this.#chunks.clear();
    this.#failed.clear();
    this.#epochs = [];
  }

  /** The counts of an epoch, row by row; `undefined` while they are fetched. */
  at(epoch: number): Int32Array | undefined {
    const place = this.#place(epoch);
    const chunk = this.#chunks.get(place);
    if (chunk !== undefined) {
      this.#chunks.delete(place);
      this.#chunks.set(place, chunk);
    }
    return chunk?.get(epoch);
  }

  /** Whether an epoch was asked for, and has none. */
  lacks(epoch: number): boolean {
    const chunk = this.#chunks.get(this.#place(epoch));
    return chunk !== undefined && !chunk.has(epoch);
  }

  /** Why an epoch isn't there, if that is known. */
  error(epoch: number): Error | undefined {
    return this.#failed.get(this.#place(epoch));
  }

  /** Fetches an epoch, and then others. */
  want(epoch: number): void {
    this.#wanted = this.#place(epoch);
    this.#failed.delete(this.#wanted);
    void this.#fetch();
  }

  get #length(): number {
    const each = 4 * this.#size ** 2;
    return Math.max(1, Math.min(MOST_EPOCHS, Math.floor(this.#limits.chunk / Math.max(1, each))));
  }

  #place(epoch: number): number {
    return Math.floor(this.#epochs.indexOf(epoch) / this.#length);
  }

  async #fetch(): Promise<void> {
    if (this.#busy) {
      return;
    }
    this.#busy = true;
    for (let next = this.#next(); next !== null; next = this.#next()) {
      const asked = this.#epochs;
      const [first = 0] = asked.slice(next * this.#length);
      try {
        const packed = await this.#ask(first - 1, this.#length);
        const matrices = await unpacked(packed, this.#size);
        // What has grown, or is another run's history by now, is asked for again.
        if (asked[0] === this.#epochs[0] && this.#in(asked, next) === this.#in(this.#epochs, next)) {
          this.#keep(next, matrices);
        }
      } catch (error) {
        this.#failed.set(next, error instanceof Error ? error : new Error(String(error)));
      }
      this.#told();
    }
    this.#busy = false;
  }

  /** Which chunk is fetched next: the wanted one, then those nearest to it while all together have room. */
  #next(): number | null {
    const number = Math.ceil(this.#epochs.length / this.#length);
    const open = (place: number) => !this.#chunks.has(place) && !this.#failed.has(place);
    if (number === 0) {
      return null;
    }
    if (this.#wanted >= 0 && open(this.#wanted)) {
      return this.#wanted;
    }
    if (this.#bytes(this.#chunks.size + 1) > this.#limits.kept) {
      return null;
    }
    const others = Array.from({ length: number }, (_, place) => place).filter(open);
    others.sort((a, b) => Math.abs(a - this.#wanted) - Math.abs(b - this.#wanted));
    return others[0] ?? null;
  }

  #keep(place: number, matrices: Map<number, Int32Array>): void {
    this.#chunks.set(place, matrices);
    for (const [oldest] of this.#chunks) {
      if (this.#bytes(this.#chunks.size) <= this.#limits.kept || oldest === place) {
        break;
      }
      this.#chunks.delete(oldest);
    }
  }

  /** How many epochs are in a chunk. */
  #in(epochs: number[], place: number): number {
    return epochs.slice(place * this.#length, (place + 1) * this.#length).length;
  }

  #bytes(chunks: number): number {
    return chunks * this.#length * 4 * this.#size ** 2;
  }
}

/** The matrices of an answer, by epoch, of so many classes at least; parts of one array where they are. */
export async function unpacked(packed: PackedMatrices, classes = 0): Promise<Map<number, Int32Array>> {
  const { epochs, size, counts } = packed;
  const all = epochs.length === 0 ? new Int32Array() : await inflated(counts);
  const each = size * size;
  if (all.length !== epochs.length * each) {
    throw new Error(
      `Expected ${epochs.length} confusion matrices of ${size} classes, got ${all.length} counts: reload the page.`
    );
  }
  return new Map(
    epochs.map((epoch, i) => [epoch, widened(all.subarray(i * each, (i + 1) * each), size, classes)])
  );
}

/** A matrix of an epoch that knew fewer classes than the newest does. */
function widened(counts: Int32Array, size: number, classes: number): Int32Array {
  if (size >= classes) {
    return counts;
  }
  const wide = new Int32Array(classes * classes);
  for (let row = 0; row < size; row++) {
    wide.set(counts.subarray(row * size, (row + 1) * size), row * classes);
  }
  return wide;
}

async function inflated(text: string): Promise<Int32Array> {
  const bytes = Uint8Array.from(atob(text), character => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Int32Array(await new Response(stream).arrayBuffer());
}
