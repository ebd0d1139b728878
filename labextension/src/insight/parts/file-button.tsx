import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { Button } from '../../panel/button';
import type { IconName } from '../../panel/icons';

/** What the model can be given as a file. */
export const KINDS = 'image/*,.tif,.tiff,.npy,.npz,.csv,.tsv,.txt';

/** A button that lets a person choose files, or take a picture where the device has a camera for it. */
export function FileButton(props: {
  label: string;
  icon: IconName;
  camera?: boolean;
  kind?: 'plain' | 'primary' | 'quiet';
  disabled: boolean;
  onFiles: (files: File[]) => void;
}): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const camera = props.camera === true;
  return (
    <span class={camera ? 'dlt-camera' : undefined}>
      <input
        ref={input}
        type="file"
        hidden
        multiple={!camera}
        accept={camera ? 'image/*' : KINDS}
        {...(camera ? { capture: 'environment' as const } : {})}
        onChange={event => {
          const { files } = event.currentTarget;
          props.onFiles([...(files ?? [])]);
          // The same file may be chosen again.
          event.currentTarget.value = '';
        }}
      />
      <Button
        icon={props.icon}
        label={props.label}
        kind={props.kind ?? 'plain'}
        disabled={props.disabled}
        onClick={() => input.current?.click()}
      />
    </span>
  );
}
