import type { ComponentChildren, JSX } from 'preact';
import type { Snapshot } from '../../contract';
import { isAlive } from '../../model/situation';
import { Button, Empty } from '../../panel/button';
import type { Evaluations } from '../model/evaluations';
import type { EvaluationWords } from '../words/evaluation';

/** Something couldn't be read: why, and the way to read it again. */
export function Failure(props: {
  error: string;
  words: Pick<EvaluationWords, 'notRead' | 'again'>;
  onAgain: () => void;
}): JSX.Element {
  return (
    <Empty title={props.words.notRead}>
      <span role="alert">{props.error}</span>
      <span class="dlt-again">
        <Button label={props.words.again} onClick={props.onAgain} />
      </span>
    </Empty>
  );
}

/** Stands in for a view until a first validation was read; then it is the view. */
export function Validated(props: {
  evaluations: Evaluations;
  snapshot: Snapshot;
  words: EvaluationWords;
  children: () => ComponentChildren;
}): JSX.Element {
  const { evaluations, snapshot, words } = props;
  if (evaluations.epochs.length > 0) {
    return <>{props.children()}</>;
  }
  if (!evaluations.known) {
    return <Empty title={words.loading}>{null}</Empty>;
  }
  if (evaluations.error !== null) {
    const { error } = evaluations;
    return <Failure error={error} words={words} onAgain={() => void evaluations.readNewest()} />;
  }
  return isAlive(snapshot.run) ? (
    <Empty title={words.noneYetTitle}>{words.noneYet}</Empty>
  ) : (
    <Empty title={words.noneTitle}>{words.none}</Empty>
  );
}
