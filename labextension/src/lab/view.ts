import '../styles/lab.css';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { keepKeys } from '../clients/shortcuts';
import type { LabWords } from '../words/lab';

/** Puts a view into an element and gives a function that takes it away again. */
export type Mount = (element: HTMLElement) => () => void;

/**
 * A place for one of the studio's views. What draws it is loaded when it is first seen, so that a JupyterLab in
 * which nobody looks at runs pays for none of it.
 */
export class View extends Widget {
  readonly #load: () => Promise<Mount>;
  readonly #words: () => LabWords;
  #state: 'empty' | 'loading' | 'mounted' = 'empty';
  #unmount: () => void = () => undefined;

  constructor(load: () => Promise<Mount>, words: () => LabWords) {
    super();
    this.#load = load;
    this.#words = words;
    this.addClass('dltrain-view');
    // Takes the focus when JupyterLab gives it to this tab.
    this.node.tabIndex = -1;
    // The views have menus of their own.
    this.node.setAttribute('data-jp-suppress-context-menu', '');
  }

  /** Draws it anew where it is drawn: another language was chosen. */
  redraw(): void {
    if (this.#state === 'mounted') {
      this.#clear();
      void this.#show();
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.#clear();
      super.dispose();
    }
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.#showIfSeen();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.#showIfSeen();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.#focus();
  }

  /** Gives the focus to the list, if it is one, so that the arrow keys move in it; once it is there. */
  #focus(): void {
    const { node } = this;
    if (node.contains(document.activeElement)) {
      return;
    }
    node.focus({ preventScroll: true });
    const hand = () => {
      if (document.activeElement === node) {
        node.querySelector<HTMLElement>('[role="treegrid"]')?.focus({ preventScroll: true });
      }
      if (document.activeElement !== node) {
        observer.disconnect();
      }
    };
    const observer = new MutationObserver(hand);
    observer.observe(node, { childList: true, subtree: true });
    hand();
  }

  #showIfSeen(): void {
    if (this.isVisible && this.#state === 'empty') {
      void this.#show();
    }
  }

  async #show(): Promise<void> {
    this.#state = 'loading';
    try {
      const mount = await this.#load();
      if (this.isDisposed) {
        return;
      }
      const unmount = mount(this.node);
      const freeKeys = keepKeys(this.node);
      this.#unmount = () => {
        freeKeys();
        unmount();
      };
      this.#state = 'mounted';
    } catch (error) {
      this.#explain(error instanceof Error ? error.message : String(error));
    }
  }

  #clear(): void {
    this.#unmount();
    this.#unmount = () => undefined;
    this.node.replaceChildren();
    this.#state = 'empty';
  }

  /** The files of a view may be gone (a server that has stopped, a newer version): says so, and tries again. */
  #explain(reason: string): void {
    const text = document.createElement('p');
    text.textContent = this.#words().notLoaded(reason);
    const again = document.createElement('button');
    again.className = 'jp-mod-styled';
    again.textContent = this.#words().tryAgain;
    again.addEventListener('click', () => {
      this.#clear();
      void this.#show();
    });
    const message = document.createElement('div');
    message.className = 'dltrain-view-error';
    message.setAttribute('role', 'alert');
    message.append(text, again);
    this.node.replaceChildren(message);
  }
}
