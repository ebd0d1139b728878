import { type ComponentChildren, type JSX, render } from 'preact';
import '../styles/whole-panel';
import '../styles/view.css';
import '../insight/styles/sheets';
import { WordsContext, words } from '../words/words';

/**
 * Shows a view inside an element, in the panel's look and in a person's language. Gives a function that takes it away
 * again.
 */
export function mountView(element: HTMLElement, language: string, view: JSX.Element): () => void {
  const root = document.createElement('div');
  root.className = 'dltrain-panel dlt-view';
  element.append(root);
  render(<WordsContext.Provider value={words(language)}>{view}</WordsContext.Provider>, root);
  return () => {
    render(null, root);
    root.remove();
  };
}

/** A place of the whole view with little to show: why, and what to do next. */
export function Blank({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <section class="dlt-card dlt-blank">
      <p class="dlt-empty-title">{title}</p>
      {children}
    </section>
  );
}
