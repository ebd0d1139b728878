import type { JSX } from 'preact';
import { LARGEST_FILE } from '../../model/batches';
import { Button } from '../../panel/button';
import { inLanguage } from '../../words/language';
import type { Asking } from '../model/asking';
import { TRIAL } from '../words/trial';
import { AnswerCard } from './answer-card';
import { AnswerTable } from './answer-table';
import { FileButton } from './file-button';

/** Files that were dropped, chosen, photographed or pasted, and what the model says of them. */
export function TryFiles(props: {
  asking: Asking;
  heatmap: boolean;
  disabled: boolean;
  language: string;
  onFiles: (files: File[]) => void;
}): JSX.Element {
  const { asking, disabled, onFiles } = props;
  const said = inLanguage(TRIAL, props.language);
  const { outcomes, busy, done, all } = asking;
  return (
    <>
      <div class="dlt-zone">
        <p>
          <b>{said.drop}</b>
          <br />
          <span class="dlt-muted">{said.dropKinds(LARGEST_FILE)}</span>
        </p>
        <div class="dlt-zone-buttons">
          <FileButton icon="up" label={said.upload} disabled={disabled} onFiles={onFiles} />
          <FileButton icon="camera" label={said.camera} camera disabled={disabled} onFiles={onFiles} />
        </div>
      </div>
      {asking.source === null ? null : (
        <div class="dlt-zone-state">
          {all > 1 ? (
            <>
              <progress value={done} max={all} aria-label={said.progress(done, all)} />
              <span>{said.progress(done, all)}</span>
            </>
          ) : null}
          <span class="dlt-spring" />
          {busy ? (
            <Button icon="stop" label={said.stop} kind="quiet" onClick={() => asking.stop()} />
          ) : (
            <Button icon="cross" label={said.clear} kind="quiet" onClick={() => asking.clear()} />
          )}
        </div>
      )}
      {asking.source === null ? null : all > 1 || outcomes.length > 1 ? (
        <AnswerTable asking={asking} heatmap={props.heatmap} language={props.language} />
      ) : (
        <AnswerCard asking={asking} heatmap={props.heatmap} language={props.language} />
      )}
    </>
  );
}
