import type { ComponentChildren, JSX } from 'preact';
import { Button } from '../panel/button';
import { Icon } from '../panel/icons';
import { useWords } from '../words/words';

/** What came of something one did with what is written. */
export interface Outcome {
  text: string;
  failed: boolean;
}

interface StartFooterProps {
  /** What the button says, and what while it is at work. */
  label: string;
  busyLabel: string;
  starting: boolean;
  /** Whether what is written can't be started; `why` says more. */
  disabled: boolean;
  why?: string;
  outcome: Outcome | null;
  onStart: () => void;
  children: ComponentChildren;
}

/** Below a configuration: what came of it, the button that starts a run with it, and what there is besides. */
export function StartFooter(props: StartFooterProps): JSX.Element {
  const { keys } = useWords().create;
  const { outcome, disabled, why } = props;
  return (
    <>
      {outcome === null ? null : (
        <p class="dlt-said" data-failed={outcome.failed} role={outcome.failed ? 'alert' : 'status'}>
          <Icon name={outcome.failed ? 'warning' : 'check'} />
          <span>{outcome.text}</span>
        </p>
      )}
      <footer class="dlt-view-footer">
        <Button
          icon="play"
          kind="primary"
          label={props.label}
          busyLabel={props.busyLabel}
          busy={props.starting}
          disabled={disabled}
          onClick={props.onStart}
          {...(disabled && why !== undefined ? { title: why } : {})}
        />
        {props.children}
        <span class="dlt-spring" />
        <span class="dlt-muted dlt-keys">{keys}</span>
      </footer>
    </>
  );
}
