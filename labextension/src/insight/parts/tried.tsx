import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { TryItem, TryResult } from '../../contract';
import { metric, percent } from '../../model/format';
import { guessText, likely } from '../../model/prediction';
import { Icon } from '../../panel/icons';
import { inLanguage } from '../../words/language';
import { TRIAL, type TrialWords } from '../words/trial';

/** An example with a picture: what it is, what it was taken for, how surely. */
export function ExampleCard(props: { item: TryItem; labels: string[]; language: string }): JSX.Element {
  const { item, labels } = props;
  const said = inLanguage(TRIAL, props.language);
  return (
    <li
      class="dlt-example"
      data-correct={item.correct}
      title={`${said.example} ${item.index}: ${guesses(item, labels, said)}`}
    >
      {item.image === null ? null : <Thumbnail image={item.image} label={said.pictureOf(item.truth)} />}
      <div>
        <Verdict item={item} said={said} />
        {item.confidence === null ? null : <Confidence value={item.confidence} />}
        {item.correct === false ? <span class="dlt-truth">{said.truthIs(item.truth)}</span> : null}
      </div>
    </li>
  );
}

/** Examples without pictures, such as rows of a table. */
export function ExampleTable(props: { result: TryResult; language: string }): JSX.Element {
  const { items, task } = props.result;
  const said = inLanguage(TRIAL, props.language);
  const classes = task === 'classification';
  const difference = ({ truth, prediction }: TryItem) => metric(Number(prediction) - Number(truth));
  const widest = Math.max(...items.map(item => item.features?.length ?? 0));
  return (
    <div class="dlt-scroll">
      <table class="dlt-table">
        <thead>
          <tr>
            <th scope="col">{said.example}</th>
            <th scope="col">{said.truth}</th>
            <th scope="col">{said.prediction}</th>
            <th scope="col">{classes ? said.confidence : said.difference}</th>
            {classes ? (
              <th scope="col" class="dlt-left">
                {said.verdict}
              </th>
            ) : null}
            {widest > 0 ? (
              <th scope="col" class="dlt-left">
                {said.features}
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {items.map(item => (
            <tr key={item.index}>
              <th scope="row">{item.index}</th>
              <td>{item.truth}</td>
              <td>{item.prediction}</td>
              <td>{classes ? <Confidence value={item.confidence} /> : difference(item)}</td>
              {classes ? (
                <td class="dlt-left">
                  <Verdict item={item} said={said} short />
                </td>
              ) : null}
              {widest > 0 ? <td class="dlt-left dlt-features">{features(item)}</td> : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Verdict(props: { item: TryItem; said: TrialWords; short?: boolean }): JSX.Element {
  const { said, short = false } = props;
  const { correct, prediction } = props.item;
  return (
    <span class="dlt-verdict" data-correct={correct}>
      {correct === null ? null : <Icon name={correct ? 'check' : 'cross'} />}
      {short ? (
        <span>{correct === true ? said.wasRight : correct === false ? said.wasWrong : ''}</span>
      ) : (
        <b>{prediction}</b>
      )}
    </span>
  );
}

function Confidence({ value }: { value: number | null }): JSX.Element {
  if (value === null) {
    return <span>–</span>;
  }
  return (
    <span class="dlt-confidence">
      <span class="dlt-thin-bar dlt-confidence-bar" aria-hidden="true">
        <span style={{ transform: `scaleX(${value})` }} />
      </span>
      {percent(value)}
    </span>
  );
}

function Thumbnail({ image, label }: { image: number[][]; label: string }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const height = image.length;
  const width = image[0]?.length ?? 0;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context == null || width === 0) {
      return;
    }
    const pixels = context.createImageData(width, height);
    image.flat().forEach((grey, i) => {
      const value = Math.round(255 * Math.min(1, Math.max(0, grey)));
      pixels.data.set([value, value, value, 255], 4 * i);
    });
    context.putImageData(pixels, 0, 0);
  }, [image, width, height]);
  return (
    <canvas class="dlt-thumbnail" ref={canvas} width={width} height={height} role="img" aria-label={label} />
  );
}

/** The likeliest classes, most likely first. */
function guesses({ probabilities, truth, prediction }: TryItem, labels: string[], said: TrialWords): string {
  if (probabilities === null) {
    return `${said.truthIs(truth)}, ${said.prediction} ${prediction}`;
  }
  const top = probabilities
    .map((confidence, i) => ({ class: i, label: labels[i] ?? String(i), confidence }))
    .sort((a, b) => b.confidence - a.confidence);
  return likely(top).slice(0, 3).map(guessText).join(', ');
}

function features({ features: values }: TryItem): string {
  const shown = (values ?? []).slice(0, 6).map(value => metric(value));
  return (values?.length ?? 0) > shown.length ? `${shown.join(', ')}, …` : shown.join(', ');
}
