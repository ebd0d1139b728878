import type { JSX } from 'preact';
import type { RunColour } from '../charts/colours';
import type { ComparedRun } from '../model/compared-runs';
import { dashOf } from '../model/comparison';
import { useWords } from '../words/words';

/** What the runs are called, told apart where several have the same name. */
export function labelsOf(runs: ComparedRun[]): Map<string, string> {
  const names = runs.map(({ id, snapshot }) => snapshot?.run.name ?? id);
  return new Map(
    runs.map(({ id, snapshot }, i) => {
      const name = names[i] ?? id;
      const unique = snapshot === null || names.filter(other => other === name).length === 1;
      return [id, unique ? name : `${name} (${id.slice(-6)})`];
    })
  );
}

/** Which line is which run's; a click hides a run or shows it again. */
export function Legend(props: {
  runs: ComparedRun[];
  labels: Map<string, string>;
  hidden: ReadonlySet<string>;
  onToggle: (id: string) => void;
}): JSX.Element {
  const said = useWords().comparison;
  return (
    <div class="dlt-run-legend" role="group" aria-label={said.shown}>
      {props.runs.map(({ id, colour }) => {
        const shown = !props.hidden.has(id);
        const label = props.labels.get(id) ?? id;
        return (
          <button
            key={id}
            type="button"
            class="dlt-run-chip"
            aria-pressed={shown}
            title={shown ? said.hide(label) : said.show(label)}
            onClick={() => props.onToggle(id)}
          >
            <RunSwatch colour={colour} />
            <span>{label}</span>
          </button>
        );
      })}
    </div>
  );
}

/** A piece of a run's line. */
export function RunSwatch({ colour }: { colour: RunColour }): JSX.Element {
  return (
    <svg
      class="dlt-swatch"
      viewBox="0 0 18 6"
      aria-hidden="true"
      style={{ stroke: colour.css, strokeDasharray: dashOf(colour)?.join(' ') ?? 'none' }}
    >
      <path d="M0 3h18" />
    </svg>
  );
}
