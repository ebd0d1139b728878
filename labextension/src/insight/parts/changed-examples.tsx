import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { metric, percent } from '../../model/format';
import { Button } from '../../panel/button';
import { Choice } from '../../panel/chart-settings';
import { Icon } from '../../panel/icons';
import { useReading } from '../model/reading';
import type { InsightClient } from '../contract';
import type { Changed, SideItem } from '../model/sides';
import type { SideWords } from '../words/sides';
import type { Pair } from './sides';
import { Failure } from './states';

/** Examples shown at first, and more each time they are asked for. */
const PAGE = 24;

type Which = 'all' | 'better' | 'worse';

/** The examples that one side has right and the other wrong, with what both made of them. */
export function ChangedExamples({ before, after, one, words: said }: Pair): JSX.Element {
  const [which, setWhich] = useState<Which>('all');
  const [pages, setPages] = useState(1);
  const topic = `${before.run} ${before.epoch} ${after.run} ${after.epoch} ${which}`;
  const read = useReading(topic, pages, () => {
    const asked = {
      one: before.epoch,
      other: after.epoch,
      run: before.run === after.run ? null : after.run,
      side: which === 'all' ? null : which
    };
    return readChanged(one.client, asked, pages);
  });
  const { value } = read;
  const total = value === null ? 0 : which === 'all' ? value.better + value.worse : value[which];
  return (
    <section aria-label={said.examples}>
      <div class="dlt-settings">
        <h4>{said.examples}</h4>
        {value === null ? null : <span role="status">{said.found(value.better, value.worse)}</span>}
        <span class="dlt-spring" />
        <Choice
          label={said.which}
          value={which}
          options={(['all', 'better', 'worse'] as const).map(name => [name, said.sides[name], false])}
          onChoose={name => {
            setPages(1);
            setWhich(name);
          }}
        />
      </div>
      {read.error !== null ? (
        <Failure error={read.error} words={said} onAgain={read.again} />
      ) : value === null ? (
        <p class="dlt-side-room dlt-muted">{said.waiting}</p>
      ) : value.items.length === 0 ? (
        <p class="dlt-muted">{said.noneChanged}</p>
      ) : (
        <>
          <ul class="dlt-examples dlt-changed">
            {value.items.map(item => (
              <ChangedCard key={item.index} item={item} said={said} />
            ))}
          </ul>
          {value.items.length < total ? (
            <Button label={said.more} onClick={() => setPages(pages + 1)} />
          ) : null}
        </>
      )}
    </section>
  );
}

/** Page after page; the first says how many there are. */
async function readChanged(
  client: InsightClient,
  asked: Record<string, unknown>,
  pages: number
): Promise<Changed> {
  const read = (page: number) =>
    client.read('changed', { ...asked, offset: page * PAGE, count: PAGE }) as Promise<Changed>;
  const [first, ...more] = await Promise.all(Array.from({ length: pages }, (_, page) => read(page)));
  const all = first as Changed;
  return { ...all, items: [...all.items, ...more.flatMap(({ items }) => items)] };
}

function ChangedCard({ item, said }: { item: SideItem; said: SideWords }): JSX.Element {
  const { index, truth, image, features, before, side } = item;
  const better = side === 'better';
  return (
    <li class="dlt-example" data-correct={better} title={said.example(index)}>
      {image === null ? null : <img class="dlt-thumbnail" src={image} alt={said.example(index)} />}
      <div>
        <Guess {...before} good={!better} />
        <Guess {...item} good={better} />
        <span class="dlt-muted dlt-changed-truth">{said.truth(truth)}</span>
        {image === null && features !== null ? (
          <span class="dlt-muted dlt-changed-truth">
            {features
              .slice(0, 4)
              .map(value => metric(value))
              .join(', ')}
            {features.length > 4 ? ', …' : ''}
          </span>
        ) : null}
      </div>
    </li>
  );
}

/** What a side took the example for, and how surely; where there are no classes, how wrong it was. */
function Guess(props: {
  prediction: string;
  confidence: number | null;
  loss: number | null;
  good: boolean;
}): JSX.Element {
  const { prediction, confidence, loss, good } = props;
  return (
    <span class="dlt-verdict dlt-changed-guess" data-correct={good}>
      <Icon name={good ? 'check' : 'cross'} />
      <b>{prediction}</b>
      <span class="dlt-muted">{confidence !== null ? percent(confidence) : metric(loss)}</span>
    </span>
  );
}
