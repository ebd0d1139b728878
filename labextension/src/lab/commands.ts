import type { ICommandPalette } from '@jupyterlab/apputils';
import type { ILauncher } from '@jupyterlab/launcher';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { chooseRun, chooseRuns, newestRun } from './choosing';
import { runsIcon } from './icon';
import { STEERS, steer } from './steering';
import { COMMANDS, type Studio } from './studio';
import type { Tabs } from './tabs';

const CATEGORY = 'DLTrainer';

/** Everything a person can do by a command: from the palette, a menu, a key, the launcher or another extension. */
export function addCommands(studio: Studio, tabs: Tabs, sidebarId: string): void {
  const { commands, shell } = studio.app;
  const icon = (args: ReadonlyPartialJSONObject) => (args.isPalette ? undefined : runsIcon);
  const add = (id: string, options: CommandRegistry.ICommandOptions) => {
    commands.addCommand(id, { icon, ...options });
  };

  add(COMMANDS.showRuns, {
    label: () => studio.words.showRuns,
    execute: () => shell.activateById(sidebarId)
  });
  add(COMMANDS.newRun, {
    label: () => studio.words.newRun,
    caption: () => studio.words.newRunCaption,
    execute: args => tabs.form(text(args.yaml))
  });
  add(COMMANDS.openRun, {
    label: () => studio.words.openRun,
    async execute(args) {
      const id = text(args.id);
      if (id !== undefined) {
        return tabs.run(id, text(args.name));
      }
      const run = await chooseRun(studio);
      return run && tabs.run(run.id, run.name);
    }
  });
  add(COMMANDS.compareRuns, {
    label: () => studio.words.compareRuns,
    async execute(args) {
      const ids = texts(args.ids) ?? (await chooseRuns(studio)).map(run => run.id);
      return ids.length > 0 ? tabs.comparison(ids) : null;
    }
  });
  add(COMMANDS.insertCode, {
    label: () => studio.words.insertCode,
    isEnabled: () => studio.hasNotebook,
    async execute(args) {
      const id = text(args.id) ?? (await newestRun(studio))?.id;
      if (id !== undefined) {
        studio.insertCode(id);
      }
    }
  });
  for (const verb of STEERS) {
    add(COMMANDS[verb], {
      label: () => studio.words.newest[verb],
      execute: () => steer(studio, verb)
    });
  }
}

/** Puts the commands where people look for them. */
export function offerCommands(palette: ICommandPalette | null, launcher: ILauncher | null): void {
  for (const command of Object.values(COMMANDS)) {
    palette?.addItem({ command, category: CATEGORY, args: { isPalette: true } });
  }
  launcher?.add({ command: COMMANDS.newRun, category: 'Other' });
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function texts(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : undefined;
}
