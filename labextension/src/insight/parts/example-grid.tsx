import type { JSX } from 'preact';
import type { Item } from '../model/answers';
import type { EvaluationWords } from '../words/evaluation';
import { Measure, Verdict } from './example-facts';
import { ExamplePicture, PREDICTION, TRUTH, hasLayers } from './example-picture';

interface GridProps {
  items: Item[];
  labels: string[];
  words: EvaluationWords;
  /** Enlarges the example at this place of the list. */
  onOpen: (at: number) => void;
}

/** Examples with pictures: what each is beside what it was taken for. */
export function ExampleGrid({ items, labels, words, onOpen }: GridProps): JSX.Element {
  return (
    <ul class="dlt-tiles">
      {items.map((item, at) => (
        <Tile key={item.index} item={item} at={at} labels={labels} words={words} onOpen={onOpen} />
      ))}
    </ul>
  );
}

function Tile(props: Omit<GridProps, 'items'> & { item: Item; at: number }): JSX.Element {
  const { item, at, labels, words, onOpen } = props;
  const said = words.picture(item.index);
  return (
    <li class="dlt-tile" data-correct={item.correct} data-pair={hasLayers(item)}>
      <button
        type="button"
        data-example={item.index}
        aria-label={describe(item, words)}
        onClick={() => onOpen(at)}
      >
        {item.image === null ? null : hasLayers(item) ? (
          <span class="dlt-pictures">
            <ExamplePicture item={item} labels={labels} layers={TRUTH} label={`${said}, ${words.truthIs}`} />
            <ExamplePicture
              item={item}
              labels={labels}
              layers={PREDICTION}
              label={`${said}, ${words.predictionIs}`}
            />
          </span>
        ) : (
          <ExamplePicture item={item} labels={labels} layers={TRUTH} label={said} />
        )}
        <span class="dlt-tile-text">
          {hasLayers(item) ? null : <Verdict item={item} words={words} />}
          {item.correct === false ? (
            <span class="dlt-truth">
              {words.truthIs} {item.truth}
            </span>
          ) : null}
          <Measure item={item} words={words} />
        </span>
      </button>
    </li>
  );
}

/** An example in a sentence. */
function describe(item: Item, words: EvaluationWords): string {
  const verdict = item.correct === null ? '' : `, ${item.correct ? words.correct : words.wrong}`;
  const facts =
    item.prediction === null
      ? ''
      : `: ${words.predictionIs} ${item.prediction}, ${words.truthIs} ${item.truth}`;
  return `${words.zoom(item.index)}${facts}${verdict}`;
}
