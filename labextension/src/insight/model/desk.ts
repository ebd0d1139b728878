import { Changing } from '../../model/changing';
import { LARGEST_FILE } from '../../model/batches';
import type { InsightClient } from '../contract';
import type { TrialWords } from '../words/trial';
import { Asking, type AskingWords, type CheckpointName, type Source } from './asking';
import { type Drawing, NO_DRAWING } from './drawing';
import type { Way } from './input-kind';
import { perRun } from './per-run';

type Brought = Exclude<Way, 'examples'>;

/** What a person brought along to try on a run; kept while other views are looked at. */
export class Desk extends Changing {
  way: Way | null = null;
  checkpoint: CheckpointName = 'best';
  heatmaps = false;
  drawing: Drawing = NO_DRAWING;
  text = '';
  /** The newest request from outside that was taken over. */
  request = 0;
  readonly askings: Record<Brought, Asking>;

  constructor(client: InsightClient) {
    super();
    this.askings = { files: new Asking(client), draw: new Asking(client), text: new Asking(client) };
    for (const asking of Object.values(this.askings)) {
      asking.subscribe(() => this.tell());
    }
  }

  change(part: Partial<Pick<Desk, 'way' | 'checkpoint' | 'heatmaps' | 'drawing' | 'text'>>): void {
    Object.assign(this, part);
    this.tell();
  }

  /** Shows one way to bring something, and predicts what was brought. */
  ask(way: Brought, source: Source, checkpoint: CheckpointName, said: TrialWords): void {
    this.change({ way });
    void this.askings[way].ask(source, { checkpoint, heatmaps: this.heatmaps }, sentences(said));
  }

  /** Predicts again what is shown, with another checkpoint or with heatmaps. */
  again(way: Way, checkpoint: CheckpointName, said: TrialWords): void {
    const source = way === 'examples' ? null : this.askings[way].source;
    if (way !== 'examples' && source !== null) {
      this.ask(way, source, checkpoint, said);
    }
  }
}

function sentences(said: TrialWords): AskingWords {
  return {
    input: said.input,
    tooLarge: (name, bytes) => said.tooLarge(name, bytes, LARGEST_FILE),
    unreadable: said.unreadable
  };
}

/** The desk of a run. */
export const deskOf = perRun(client => new Desk(client));
