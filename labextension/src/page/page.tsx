import { render } from 'preact';
import '../styles/whole-panel';
import '../styles/view.css';
import '../insight/styles/sheets';
import '../styles/list.css';
import '../styles/list-rows.css';
import '../styles/gauges.css';
import '../styles/run-tab.css';
import '../styles/compare.css';
import '../styles/create.css';
import './page.css';
import { ServerClient } from '../clients/server/server-client';
import { pageTransport } from '../clients/server/transport';
import { browserMemory } from '../model/memory';
import type { StudioHost } from '../studio/contract';
import { WordsContext, words } from '../words/words';
import { Navigation } from './navigation';
import { Shell } from './shell';
import { ThemeChoice } from './theme';
import { followTitle } from './title';

// The script lies in `static/`, below the page, and the page below the server's base URL.
const page = new URL('..', import.meta.url);
const { language } = navigator;

const memory = browserMemory();
const theme = new ThemeChoice(memory);
const navigation = new Navigation(page.pathname);
const client = new ServerClient(pageTransport(new URL('..', page).pathname), language);
const host: StudioHost = {
  open: id => navigation.go({ view: 'run', id }),
  compare: ids => navigation.go({ view: 'compare', ids }),
  create: yaml => navigation.go({ view: 'new' }, yaml),
  language
};

const said = words(language);
document.documentElement.lang = language;
followTitle(client, navigation, said);
const root = document.createElement('div');
root.className = 'dltrain-panel dltp';
document.body.append(root);
render(
  <WordsContext.Provider value={said}>
    <Shell client={client} host={host} memory={memory} navigation={navigation} theme={theme} />
  </WordsContext.Provider>,
  root
);
