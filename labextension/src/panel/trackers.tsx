import type { JSX } from 'preact';
import type { Snapshot } from '../contract';
import type { RunModel } from '../model/run-model';
import { called, isPage, told } from '../model/tracking';
import { type TrackingWords, trackingEn } from '../words/tracking';
import { copyOf } from './copying';

/** Where else the run can be seen: a badge a tracker, which leads to its page or copies where its files are. */
export function Trackers(props: {
  model: RunModel;
  snapshot: Snapshot;
  /** In another language than English. */
  words: TrackingWords | undefined;
}): JSX.Element {
  const { model, snapshot, words = trackingEn } = props;
  return (
    <span class="dlt-trackers">
      {/* A kernel of an older version tells of none. */}
      {snapshot.trackers?.map(tracker => {
        const { name, state, url } = tracker;
        const says = told(tracker, snapshot.now, words);
        const face = { key: name, class: 'dlt-tracker', 'data-tracking': state };
        return isPage(url) ? (
          <a {...face} title={says} href={url} target="_blank" rel="noopener noreferrer">
            {called(tracker, words)}
          </a>
        ) : (
          <button
            {...face}
            type="button"
            title={url === null ? says : `${says}\n${url}`}
            onClick={() => (url === null ? model.tell(says) : void copyOf(model, url, url))}
          >
            {called(tracker, words)}
          </button>
        );
      })}
    </span>
  );
}
