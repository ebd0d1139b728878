import { runsIcon } from './icon';
import type { Studio } from './studio';
import { View } from './view';

/** The list of every run, at the left. */
export function createSidebar(studio: Studio): View {
  const sidebar = new View(
    async () => {
      const [{ mountSidebar }, client] = await Promise.all([import('../studio/sidebar'), studio.client()]);
      return element => mountSidebar(element, client, studio.host());
    },
    () => studio.words
  );
  sidebar.id = 'dltrainer-runs';
  sidebar.title.icon = runsIcon;
  sidebar.node.setAttribute('role', 'region');
  return sidebar;
}

/** Says what the sidebar is, in the language chosen now. */
export function entitle(sidebar: View, studio: Studio): void {
  const caption = `DLTrainer: ${studio.words.runs}`;
  sidebar.title.caption = caption;
  sidebar.node.setAttribute('aria-label', caption);
}
