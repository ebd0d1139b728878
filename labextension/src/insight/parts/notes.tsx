import type { JSX } from 'preact';
import { Icon } from '../../panel/icons';
import { inLanguage } from '../../words/language';
import { TRIAL } from '../words/trial';

/** Notes that are in sight; one more than these is no less than the line that hides it. */
const FEW = 4;

/** What is to be known of what is shown: of many notes the first, the others fold. */
export function Notes({ notes, language }: { notes: string[]; language: string }): JSX.Element | null {
  const few = notes.length > FEW + 1 ? notes.slice(0, FEW) : notes;
  const others = notes.slice(few.length);
  return notes.length === 0 ? null : (
    <div class="dlt-notes">
      <NoteList notes={few} />
      {others.length === 0 ? null : (
        <details>
          <summary>{inLanguage(TRIAL, language).moreNotes(others.length)}</summary>
          <NoteList notes={others} />
        </details>
      )}
    </div>
  );
}

function NoteList({ notes }: { notes: string[] }): JSX.Element {
  return (
    <ul>
      {notes.map(note => (
        <li key={note}>
          <Icon name="info" />
          {note}
        </li>
      ))}
    </ul>
  );
}
