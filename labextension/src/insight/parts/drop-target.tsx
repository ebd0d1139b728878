import type { ComponentChildren, JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { bringsFiles, filesOf } from '../model/brought';

/** Takes files that are dropped anywhere on it or pasted while the focus is in it, and shows that it will. */
export function DropTarget(props: {
  /** What dropping will do. */
  label: string;
  disabled: boolean;
  onFiles: (files: File[]) => void;
  children: ComponentChildren;
}): JSX.Element {
  const [over, setOver] = useState(false);
  // Entering a part of it comes before leaving the part before.
  const depth = useRef(0);
  const leave = () => {
    depth.current = 0;
    setOver(false);
  };
  const wanted = (event: DragEvent) => !props.disabled && bringsFiles(event.dataTransfer);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is dropped can be uploaded by a button as well.
    <div
      class="dlt-drop"
      data-over={over}
      onDragEnter={event => {
        if (wanted(event)) {
          event.preventDefault();
          depth.current += 1;
          setOver(true);
        }
      }}
      onDragOver={event => {
        if (wanted(event)) {
          event.preventDefault();
          event.stopPropagation();
          (event.dataTransfer as DataTransfer).dropEffect = 'copy';
        }
      }}
      onDragLeave={() => {
        depth.current = Math.max(0, depth.current - 1);
        if (depth.current === 0) {
          leave();
        }
      }}
      onDrop={event => {
        if (wanted(event)) {
          event.preventDefault();
          event.stopPropagation();
          props.onFiles(filesOf(event.dataTransfer));
        }
        leave();
      }}
      onPaste={event => {
        const files = filesOf(event.clipboardData);
        if (!props.disabled && files.length > 0) {
          event.preventDefault();
          event.stopPropagation();
          props.onFiles(files);
        }
      }}
    >
      {props.children}
      {over ? (
        <div class="dlt-drop-veil" aria-hidden="true">
          <p>{props.label}</p>
        </div>
      ) : null}
    </div>
  );
}
