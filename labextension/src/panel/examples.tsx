import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { TryItem, TryResult } from '../contract';
import { metric, percent } from '../model/format';
import { Icon } from './icons';

/** An example with a picture: what it is, what it was taken for, how surely. */
export function ExampleCard({ item, labels }: { item: TryItem; labels: string[] }): JSX.Element {
  return (
    <li
      class="dlt-example"
      data-correct={item.correct}
      title={`Example ${item.index}: ${guesses(item, labels)}`}
    >
      {item.image === null ? null : <Thumbnail image={item.image} label={item.truth} />}
      <div>
        <Verdict item={item} />
        {item.confidence === null ? null : <Confidence value={item.confidence} />}
        {item.correct === false ? <span class="dlt-truth">truth {item.truth}</span> : null}
      </div>
    </li>
  );
}

/** Examples without pictures, such as rows of a table. */
export function ExampleTable({ result: { items, task } }: { result: TryResult }): JSX.Element {
  const classes = task === 'classification';
  const difference = ({ truth, prediction }: TryItem) => metric(Number(prediction) - Number(truth));
  const widest = Math.max(...items.map(item => item.features?.length ?? 0));
  return (
    <div class="dlt-scroll">
      <table class="dlt-table">
        <thead>
          <tr>
            <th scope="col">Example</th>
            <th scope="col">Truth</th>
            <th scope="col">Prediction</th>
            <th scope="col">{classes ? 'Confidence' : 'Difference'}</th>
            {classes ? (
              <th scope="col" class="dlt-left">
                Verdict
              </th>
            ) : null}
            {widest > 0 ? (
              <th scope="col" class="dlt-left">
                Features
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
                  <Verdict item={item} short />
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

function Verdict({ item, short = false }: { item: TryItem; short?: boolean }): JSX.Element {
  const { correct, prediction } = item;
  return (
    <span class="dlt-verdict" data-correct={correct}>
      {correct === null ? null : <Icon name={correct ? 'check' : 'cross'} />}
      {short ? (
        <span>{correct === true ? 'right' : correct === false ? 'wrong' : ''}</span>
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
    <canvas
      class="dlt-thumbnail"
      ref={canvas}
      width={width}
      height={height}
      role="img"
      aria-label={`Picture of ${label}`}
    />
  );
}

/** The likeliest classes, most likely first. */
function guesses({ probabilities, truth, prediction }: TryItem, labels: string[]): string {
  if (probabilities === null) {
    return `truth ${truth}, prediction ${prediction}`;
  }
  return probabilities
    .map((probability, i) => ({ label: labels[i] ?? String(i), probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, 3)
    .map(({ label, probability }) => `${label} ${percent(probability, 1)}`)
    .join(', ');
}

function features({ features: values }: TryItem): string {
  const shown = (values ?? []).slice(0, 6).map(value => metric(value));
  return (values?.length ?? 0) > shown.length ? `${shown.join(', ')}, …` : shown.join(', ');
}
