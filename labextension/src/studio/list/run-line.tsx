import type { JSX } from 'preact';
import type { Errand, RowVerb } from '../../model/errands';
import { useWords } from '../../words/words';
import type { RunRow } from '../contract';
import { RowButtons } from './row-buttons';
import type { Question } from './row-menu';
import { RowQuestion } from './row-question';
import { RunRowFace, summary } from './run-row';

/** What every line of the list has. */
export interface LineProps {
  line: {
    id: string;
    style: { top: string; height: string };
    'aria-rowindex': number;
    'data-active': boolean;
  };
}

interface RunLineProps extends LineProps {
  row: RunRow;
  index: number;
  /** Runs in its group. */
  of: number;
  age: string;
  here: string | null;
  selected: boolean;
  /** Whether the server can't be asked now. */
  away: boolean;
  menuOpen: boolean;
  question: Question | null;
  errand: Errand | undefined;
  onOpen: () => void;
  onSelect: () => void;
  onMenu: (near: DOMRect) => void;
  onVerb: (verb: RowVerb, args?: Record<string, unknown>) => void;
  onAnswered: () => void;
  onDismiss: () => void;
}

/** A run's line: a click opens it, with Ctrl it selects; what can be done with it is one menu away. */
export function RunLine(props: RunLineProps): JSX.Element {
  const { row, question, errand, age, here } = props;
  const words = useWords();
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list around it hears the keys.
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and tells which line it is on.
    <div
      {...props.line}
      role="row"
      class="dlt-row"
      aria-level={2}
      aria-posinset={props.index + 1}
      aria-setsize={props.of}
      aria-selected={props.selected}
      aria-label={summary(row, age, here, words)}
      data-menu={props.menuOpen}
      onClick={event => {
        if (question === null && (event.ctrlKey || event.metaKey)) {
          props.onSelect();
        } else if (question === null) {
          props.onOpen();
        }
      }}
      onContextMenu={event => {
        if (question === null) {
          event.preventDefault();
          event.stopPropagation();
          props.onMenu(new DOMRect(event.clientX, event.clientY, 0, 0));
        }
      }}
    >
      {/* biome-ignore lint/a11y/useFocusableInteractive: the list has the focus. */}
      <div role="gridcell" class="dlt-row-cell">
        {question === null ? (
          <>
            <RunRowFace row={row} age={age} here={here} errand={errand} onDismiss={props.onDismiss} />
            <RowButtons
              row={row}
              errand={errand}
              away={props.away}
              onVerb={props.onVerb}
              onMenu={props.onMenu}
            />
          </>
        ) : (
          <RowQuestion
            row={row}
            question={question}
            onAnswer={args => {
              props.onAnswered();
              if (args !== null) {
                props.onVerb(question, args);
              }
            }}
          />
        )}
      </div>
    </div>
  );
}
