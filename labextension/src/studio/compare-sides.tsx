import type { JSX } from 'preact';
import { Sides } from '../insight/parts/sides';
import type { Candidate } from '../insight/model/sides';
import type { ComparedRun, ComparedRuns } from '../model/compared-runs';

/** Two of the runs against one another, or two epochs of one of them. */
export function CompareSides(props: {
  runs: ComparedRuns;
  view: ComparedRun[];
  labels: Map<string, string>;
  language: string;
}): JSX.Element {
  const { runs, view, labels, language } = props;
  const candidates = view.flatMap(({ id, snapshot }): Candidate[] => {
    const client = runs.asking(id);
    return snapshot === null || client === null
      ? []
      : [{ id, label: labels.get(id) ?? id, client, snapshot }];
  });
  return (
    <div class="dlt-compare-sides">
      <Sides candidates={candidates} language={language} />
    </div>
  );
}
