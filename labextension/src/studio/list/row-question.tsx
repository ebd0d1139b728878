import type { JSX } from 'preact';
import { Ask } from '../../panel/button';
import { parseRate } from '../../panel/learning-rate';
import { NumberForm } from '../../panel/number-form';
import { useWords } from '../../words/words';
import type { RunRow } from '../contract';
import type { Question } from './row-menu';

/** Asks once, in the row it is about. Calls back with what to do, or with nothing. */
export function RowQuestion(props: {
  row: RunRow;
  question: Question;
  onAnswer: (args: Record<string, unknown> | null) => void;
}): JSX.Element {
  const { row, question, onAnswer } = props;
  const { list, actions } = useWords();
  if (question === 'set') {
    return (
      <NumberForm
        label={list.learningRate}
        first=""
        parse={parseRate}
        hints={[list.rateHint, list.rateHint]}
        width={6}
        inputMode="decimal"
        yes={actions.set}
        no={actions.cancel}
        placeholder="1e-3"
        onAnswer={rate => onAnswer(rate === null ? null : { learning_rate: rate })}
      />
    );
  }
  const [text, yes, no] =
    question === 'delete'
      ? [list.askDelete(row.name), list.delete, list.keep]
      : [list.askStop(row.name), list.stop, list.keepTraining];
  return <Ask question={text} yes={yes} no={no} onAnswer={sure => onAnswer(sure ? {} : null)} />;
}
