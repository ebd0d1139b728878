import { Changing } from '../../model/changing';
import { base64, batches } from '../../model/batches';
import { type Answered, type Prediction, answeredInputs } from '../../model/prediction';
import { message } from '../../model/run-model';
import type { InsightClient } from '../contract';

export type CheckpointName = 'best' | 'last' | number;

/** What is predicted: files, a drawing as a data URI, or a text. */
export type Source =
  | { kind: 'files'; files: File[] }
  | { kind: 'drawing'; picture: string }
  | { kind: 'text'; text: string };

/** What became of one input: an answer, or why there is none. */
export type Outcome = Answered & { error: string | null };

/** What the sentences of a request are in a person's language. */
export interface AskingWords {
  input: (number: number) => string;
  tooLarge: (name: string, bytes: number) => string;
  unreadable: (name: string) => string;
}

export interface Wanted {
  checkpoint: CheckpointName;
  heatmaps: boolean;
}

/** Classes told of each input. */
const TOP = 5;

/** A question to a checkpoint and what came of it, file after file; a newer one takes the place of an older one. */
export class Asking extends Changing {
  source: Source | null = null;
  outcomes: Outcome[] = [];
  /** Who answered last; `null` before anybody has. */
  answer: Prediction | null = null;
  /** What was done to the inputs, each sentence once. */
  notes: string[] = [];
  /** What keeps all of it from being answered. */
  error: string | null = null;
  busy = false;
  /** Inputs that are answered, and how many there are. */
  done = 0;
  all = 0;
  /** Milliseconds that the model itself took for all of them. */
  latency = 0;
  readonly #client: InsightClient;
  #newest = 0;

  constructor(client: InsightClient) {
    super();
    this.#client = client;
  }

  /** Predicts something else, or the same with another checkpoint. */
  async ask(source: Source, wanted: Wanted, words: AskingWords): Promise<void> {
    this.#newest += 1;
    const mine = this.#newest;
    const still = () => mine === this.#newest;
    // What was answered before stays in sight until the first answer replaces it.
    this.#change({ source, busy: true, error: null, done: 0, all: sizeOf(source), latency: 0 });
    if (source.kind === 'files') {
      this.#change({ outcomes: [], answer: null, notes: [] });
      await this.#askFiles(source.files, wanted, words, still);
    } else {
      const body = source.kind === 'text' ? { text: source.text } : { drawing: source.picture };
      await this.#predict(body, wanted).then(
        found => still() && this.#replace(found, words),
        (error: unknown) =>
          still() && this.#change({ error: message(error), outcomes: [], answer: null, notes: [] })
      );
    }
    if (still()) {
      this.#change({ busy: false });
    }
  }

  /** Stops after what is under way. */
  stop(): void {
    this.#newest += 1;
    this.#change({ busy: false });
  }

  clear(): void {
    this.#newest += 1;
    this.#change({
      source: null,
      outcomes: [],
      answer: null,
      notes: [],
      error: null,
      busy: false,
      done: 0,
      all: 0
    });
  }

  async #askFiles(files: File[], wanted: Wanted, words: AskingWords, still: () => boolean): Promise<void> {
    const found = batches(files);
    for (const { name, size } of found.tooLarge) {
      this.#fail(name, words.tooLarge(name, size));
    }
    for (const batch of found.batches) {
      const encoded = await this.#encoded(batch, words, still);
      if (!still()) {
        return;
      }
      await this.#askTogether(encoded, wanted, words, still);
    }
  }

  /** Asks for some files at once; if that fails each by itself, so that one bad file hides no good one. */
  async #askTogether(
    files: Encoded[],
    wanted: Wanted,
    words: AskingWords,
    still: () => boolean
  ): Promise<void> {
    if (files.length === 0 || !still()) {
      return;
    }
    try {
      const found = await this.#predict({ files }, wanted);
      if (still()) {
        this.#add(found, files, words);
      }
    } catch (error) {
      const [first, ...others] = files;
      if (!still() || first === undefined) {
        return;
      }
      if (others.length === 0) {
        this.#fail(first.name, message(error));
        return;
      }
      for (const file of files) {
        await this.#askTogether([file], wanted, words, still);
      }
    }
  }

  /** Asks a model that can't show where it looked once more without; what it says of that becomes a note. */
  async #predict(body: Record<string, unknown>, wanted: Wanted): Promise<Prediction> {
    const ask = (how: Wanted) =>
      this.#client.act('predict', { ...body, ...common(how) }) as Promise<Prediction>;
    try {
      return await ask(wanted);
    } catch (error) {
      if (!wanted.heatmaps || !message(error).startsWith('heatmaps:')) {
        throw error;
      }
      const found = await ask({ ...wanted, heatmaps: false });
      return { ...found, notes: [...(found.notes ?? []), message(error)] };
    }
  }

  async #encoded(files: File[], words: AskingWords, still: () => boolean): Promise<Encoded[]> {
    const found: Encoded[] = [];
    for (const file of files) {
      try {
        const bytes = new Uint8Array(await file.arrayBuffer());
        found.push({ name: file.name, data: base64(bytes) });
      } catch (error) {
        // A folder, or a file that is gone since it was chosen.
        if (!(error instanceof DOMException)) {
          throw error;
        }
        if (still()) {
          this.#fail(file.name, words.unreadable(file.name));
        }
      }
    }
    return found;
  }

  #replace(found: Prediction, words: AskingWords): void {
    const outcomes = answeredInputs(found, words.input).map(answered => ({ ...answered, error: null }));
    this.#change({
      outcomes,
      answer: found,
      notes: found.notes ?? [],
      done: outcomes.length,
      latency: found.latency_ms
    });
  }

  #add(found: Prediction, files: Encoded[], words: AskingWords): void {
    const name = files.length === 1 ? files[0]?.name : undefined;
    const rows = found.predictions.length;
    const named = (number: number) =>
      name === undefined ? words.input(number) : rows === 1 ? name : `${name}: ${number}`;
    const fresh = answeredInputs(found, named).map(answered => ({ ...answered, error: null }));
    this.#change({
      outcomes: [...this.outcomes, ...fresh],
      answer: found,
      notes: [...new Set([...this.notes, ...(found.notes ?? [])])],
      done: this.done + files.length,
      latency: this.latency + found.latency_ms
    });
  }

  #fail(name: string, error: string): void {
    const outcome = { ...NOTHING, name, error };
    this.#change({ outcomes: [...this.outcomes, outcome], done: this.done + 1 });
  }

  #change(part: Partial<Asking>): void {
    Object.assign(this, part);
    this.tell();
  }
}

const NOTHING = { prediction: '', top: [], thumbnail: null, heatmap: null, boxes: null, mask: null };

interface Encoded {
  name: string;
  data: string;
}

function common({ checkpoint, heatmaps }: Wanted): Record<string, unknown> {
  return { checkpoint, heatmaps, top: TOP };
}

function sizeOf(source: Source): number {
  return source.kind === 'files' ? source.files.length : 1;
}
