import type { JSX } from 'preact';
import type { Errand, RowVerb } from '../../model/errands';
import { Icon } from '../../panel/icons';
import { useWords } from '../../words/words';
import type { RunRow } from '../contract';
import { handiest } from './row-menu';

interface RowButtonsProps {
  row: RunRow;
  errand: Errand | undefined;
  away: boolean;
  onVerb: (verb: RowVerb) => void;
  onMenu: (near: DOMRect) => void;
}

/** What the pointer finds on a row. The keyboard has its own ways, so Tab passes these by. */
export function RowButtons({ row, errand, away, onVerb, onMenu }: RowButtonsProps): JSX.Element {
  const words = useWords();
  const verb = handiest(row);
  const disabled = away || (errand !== undefined && errand.text === null);
  return (
    <span class="dlt-row-buttons">
      {verb === null ? null : (
        <button
          type="button"
          tabIndex={-1}
          class="dlt-button dlt-button-quiet dlt-compact"
          aria-label={words.verbs[verb]}
          title={words.verbs[verb]}
          aria-disabled={disabled}
          onClick={event => {
            event.stopPropagation();
            if (!disabled) {
              onVerb(verb);
            }
          }}
        >
          <Icon name={verb === 'pause' ? 'pause' : 'play'} />
        </button>
      )}
      <button
        type="button"
        tabIndex={-1}
        class="dlt-button dlt-button-quiet dlt-compact"
        aria-haspopup="menu"
        aria-label={words.actions.actionsOf(row.name)}
        title={words.actions.more}
        onClick={event => {
          event.stopPropagation();
          onMenu(event.currentTarget.getBoundingClientRect());
        }}
      >
        <Icon name="more" />
      </button>
    </span>
  );
}
