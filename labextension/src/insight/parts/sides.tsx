import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { matrixDifference } from '../../model/matrix-difference';
import { Button, Empty } from '../../panel/button';
import { Choice } from '../../panel/chart-settings';
import { inLanguage } from '../../words/language';
import { useReading } from '../model/reading';
import { type Candidate, type Side, epochChoices, firstSides, matrixAt } from '../model/sides';
import { SIDES, type SideWords } from '../words/sides';
import { ChangedExamples } from './changed-examples';
import { DifferenceMatrix } from './difference-grid';
import { SideMetrics } from './side-metrics';
import { Failure } from './states';

/** Two epochs of a run, or of two, against one another: what became better, and what worse. */
export function Sides({ candidates, language }: { candidates: Candidate[]; language: string }): JSX.Element {
  const said = inLanguage(SIDES, language);
  const [chosen, setChosen] = useState<[Side, Side] | null>(null);
  const known = (side: Side) => candidates.find(({ id }) => id === side.run);
  const sides = chosen?.every(side => known(side) !== undefined) === true ? chosen : firstSides(candidates);
  const [before, after] = sides ?? [];
  const [one, other] = [before && known(before), after && known(after)];
  if (before === undefined || after === undefined || one === undefined || other === undefined) {
    return <Empty title={said.fewTitle}>{said.few}</Empty>;
  }
  const several = candidates.length > 1;
  const same = before.run === after.run && before.epoch === after.epoch;
  const pair = { before, after, one, other, words: said, language };
  return (
    <section class="dlt-sides" aria-label={said.title}>
      <div class="dlt-settings">
        <SideChoice
          label={said.before}
          side={before}
          {...{ candidates, several, said }}
          onChoose={side => setChosen([side, after])}
        />
        <SideChoice
          label={said.after}
          side={after}
          {...{ candidates, several, said }}
          onChoose={side => setChosen([before, side])}
        />
        <Button icon="reset" label={said.swap} kind="quiet" onClick={() => setChosen([after, before])} />
      </div>
      {same ? (
        <Empty title={said.same}>{said.few}</Empty>
      ) : (
        <div class="dlt-sides-body">
          <SideMetrics {...pair} />
          <Matrices {...pair} />
          <ChangedExamples {...pair} />
        </div>
      )}
    </section>
  );
}

export interface Pair {
  before: Side;
  after: Side;
  /** Who answers for the side before, and for the one after. */
  one: Candidate;
  other: Candidate;
  words: SideWords;
  language: string;
}

function SideChoice(props: {
  label: string;
  side: Side;
  candidates: Candidate[];
  several: boolean;
  said: SideWords;
  onChoose: (side: Side) => void;
}): JSX.Element {
  const { label, side, candidates, said } = props;
  const choices = epochChoices((candidates.find(({ id }) => id === side.run) as Candidate).snapshot);
  const choose = (run: string) => {
    const other = candidates.find(({ id }) => id === run);
    const [first] = other === undefined ? [null] : (firstSides([other, other]) ?? [null]);
    if (first !== null) {
      props.onChoose({ run, epoch: first.epoch });
    }
  };
  return (
    <span class="dlt-side" role="group" aria-label={label}>
      <span class="dlt-muted">{label}</span>
      {props.several ? (
        <select
          aria-label={`${label}: ${said.run}`}
          value={side.run}
          onChange={event => choose(event.currentTarget.value)}
        >
          {candidates.map(({ id, label: name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      ) : null}
      <select
        aria-label={label}
        value={side.epoch}
        onChange={event => props.onChoose({ run: side.run, epoch: Number(event.currentTarget.value) })}
      >
        {choices.map(({ epoch, kinds }) => (
          <option key={epoch} value={epoch}>
            {kinds.length === 0
              ? said.epoch(epoch)
              : said.kept(epoch, kinds.map(kind => said.kinds[kind] ?? kind).join(', '))}
          </option>
        ))}
      </select>
    </span>
  );
}

function Matrices({ before, after, one, other, words: said }: Pair): JSX.Element {
  const [unit, setUnit] = useState<'counts' | 'shares'>('counts');
  const read = useReading(`${before.run} ${before.epoch} ${after.run} ${after.epoch}`, 0, () =>
    Promise.all([matrixAt(one.client, before.epoch), matrixAt(other.client, after.epoch)])
  );
  const [old, fresh] = read.value ?? [];
  const found = old && fresh ? matrixDifference(old, fresh, unit) : null;
  return (
    <section aria-label={said.matrix}>
      <div class="dlt-settings">
        <h4 title={said.matrixHint}>{said.matrix}</h4>
        <span class="dlt-spring" />
        {found === null ? null : (
          <Choice
            label={said.cells}
            value={unit}
            options={[
              ['counts', said.counts, false],
              ['shares', said.shares, false]
            ]}
            onChoose={setUnit}
          />
        )}
      </div>
      {read.error !== null ? (
        <Failure error={read.error} words={said} onAgain={read.again} />
      ) : read.busy ? (
        <p class="dlt-side-room dlt-muted">{said.waiting}</p>
      ) : found !== null ? (
        <DifferenceMatrix found={found} unit={unit} words={said} />
      ) : (
        <p class="dlt-muted">{old && fresh ? said.otherClasses : said.noMatrix}</p>
      )}
    </section>
  );
}
