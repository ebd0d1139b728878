import type { StudioHost } from '../src/studio/contract';
import { BUILDERS } from './builder-scenarios';
import { dress } from './dress';
import { LISTS } from './list-scenarios';
import { VIEWS } from './view-scenarios';

/**
 * The development page of the views of a whole tab: `views.html?scenario=compare-two&width=800&theme=dark&language=pt`;
 * without `scenario`, all of them.
 */
const query = dress();
const asked = query.get('scenario');
const said = (...words: string[]) => document.body.setAttribute('data-said', words.join(' '));
const host: StudioHost = {
  open: id => said('open', id),
  compare: ids => said('compare', ...ids),
  create: yaml => said('create', yaml ?? ''),
  insertCode: id => said('insert', id),
  language: query.get('language') ?? 'en'
};

for (const [name, show] of Object.entries({ ...VIEWS, ...BUILDERS, ...LISTS })) {
  if (asked === null || asked === name) {
    const frame = document.createElement('div');
    frame.className = 'frame';
    frame.style.width = `${query.get('width') ?? 800}px`;
    document.body.append(frame);
    show(frame, host);
  }
}
