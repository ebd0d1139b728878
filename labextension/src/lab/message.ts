import { metric } from '../model/format';
import type { RunRow } from '../studio/contract';
import type { LabWords } from '../words/lab';

/** A run's end in one sentence. */
export function message(row: RunRow, words: LabWords): string {
  switch (row.state) {
    case 'completed':
      return row.monitor !== null && row.best !== null
        ? words.completedBest(row.name, row.monitor, metric(row.best))
        : words.completed(row.name);
    case 'lost':
      return words.lost(row.name);
    default:
      return row.error === null ? words.failedSilently(row.name) : words.failed(row.name, row.error);
  }
}
