/** What a panel in a notebook loads to show what a model does: the views, and how they look. */

import sheet from 'insight-sheet';
import type { Insight } from './insight/contract';
import { mount as mountView } from './insight/mount';

export const mount: Insight['mount'] = (element, props) => {
  dress(element);
  return mountView(element, props);
};

/** Adds the style sheet where the panel stands, once; a host may keep each widget in a shadow of its own. */
function dress(element: HTMLElement): void {
  const root = element.getRootNode();
  const place = root instanceof ShadowRoot ? root : document.head;
  if ([...place.querySelectorAll('style')].some(style => style.textContent === sheet)) {
    return;
  }
  const style = document.createElement('style');
  style.textContent = sheet;
  place.append(style);
}
