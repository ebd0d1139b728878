import { builderEn } from './builder';
import { pluralOf } from './plural';
import { trackingEn } from './tracking';

const plural = pluralOf('en');

/** What the views of one run, of several and of a new one say in English. */
export const viewsEn = {
  tracking: trackingEn,
  builder: builderEn,
  trackers: {
    by: (trackers: string) => `tracked by ${trackers}`,
    open: (tracker: string) => `Open in ${tracker}`,
    copyPlace: (tracker: string) => `Copy path for ${tracker}`
  },
  run: {
    waiting: 'Loading the run…',
    waitingHint: 'Its curves appear as soon as the server has read them.',
    unknownTitle: 'There is no such run here.',
    suggestions: 'Perhaps one of these:',
    deletedTitle: 'This run was deleted.',
    deleted: 'Its history and its checkpoints are gone.',
    again: 'New run with its settings',
    newWithSettings: 'New run with these settings…',
    unreachable: 'No connection to the server',
    changeSettings: 'Change settings…',
    askDelete: (name: string) => `Delete ${name} with its history and checkpoints?`,
    delete: 'Delete',
    keep: 'Keep',
    extend: 'Train longer…',
    extendTo: 'Train until epoch',
    extendHint: (epochs: number) => `more than ${epochs}`,
    extendNow: 'Go on',
    insertCode: 'Insert code into notebook'
  },
  live: {
    open: 'Change settings…',
    title: 'Change settings of this run',
    hint: 'from the next step on',
    never: 'never',
    whole: 'a whole number above 0',
    number: 'a number above 0',
    names: {
      epochs: 'Epochs in all',
      learning_rate: 'Learning rate',
      'validation.interval': 'Validate every … epochs',
      'early_stopping.patience': 'Patience of early stopping',
      'checkpoint.every_seconds': 'Checkpoint every … seconds',
      'checkpoint.every_epochs': 'Checkpoint every … epochs',
      'checkpoint.keep': 'Checkpoints to keep'
    } as Record<string, string>
  },
  clone: {
    title: (name: string, step: string) => `New run from ${name}, with the weights of step ${step}`,
    label: 'Settings of the new run, as YAML',
    unchanged: 'No setting is changed yet.',
    changed: 'What it does otherwise:',
    kept: (keys: string) => `Left out, so as in this run: ${keys}.`,
    start: 'Start clone',
    starting: 'Starting…'
  },
  comparison: {
    title: 'Compare runs',
    shown: 'Runs on the charts',
    hide: (name: string) => `Hide ${name}`,
    show: (name: string) => `Show ${name}`,
    remove: (name: string) => `Remove ${name} from the comparison`,
    add: 'Add run',
    addHint: 'name, state:running, framework:jax',
    nothingFound: 'No other run matches.',
    emptyTitle: 'Nothing to compare yet.',
    empty: 'Add two runs or more; their curves lie on one chart a metric.',
    role: 'Which curves',
    roles: { validation: 'Validation', train: 'Training', both: 'Both' },
    notFinite: 'not finite',
    dashed: 'Training is dashed.',
    units: { step: 'Step', epoch: 'Epoch', time: 'Time' },
    time: (unit: string) => `Training time in ${unit}, at each run’s mean speed`,
    zoomHint: 'Drag to zoom, double-click to reset',
    wholeRuns: 'Whole runs',
    noCurves: 'The first point appears after the first epoch.',
    hidden: 'All runs are hidden.',
    run: 'Run',
    state: 'State',
    best: 'Best',
    epochs: 'Epochs',
    byDefault: 'default',
    differences: 'Settings that differ',
    sameSettings: 'All settings are the same.',
    table: 'The compared runs and what differs in their settings',
    waiting: 'loading…',
    missing: 'not found',
    chart: (metric: string, runs: number) =>
      `${metric} of ${plural(runs, { one: '# run', other: '# runs' })}. Arrow keys read values, Escape shows the whole runs.`
  },
  create: {
    title: 'New run',
    label: 'Configuration of the new run, as YAML',
    leaveEditor: 'Escape, then Tab leaves the editor. Ctrl+Enter starts the run.',
    keys: 'Ctrl+Enter starts · Esc, then Tab leaves the editor',
    open: 'Open file…',
    template: 'Example',
    dropHere: 'Drop a YAML file to open it',
    opened: (file: string) => `Opened ${file}.`,
    undo: 'Ctrl+Z brings back what was here.',
    tooLarge: (file: string, size: string) => `${file} has ${size}; a configuration has 1 MB at most.`,
    notText: (file: string) => `${file} isn’t text. Open a YAML file.`,
    unreadable: (file: string) => `${file} can’t be read.`,
    checking: 'Checking…',
    noProblems: 'No problems. It can be started.',
    problems: (number: number) => plural(number, { one: '# problem', other: '# problems' }),
    unchecked: 'It can’t be checked now:',
    leftOut: (number: number) =>
      plural(number, { one: 'A plug-in can’t be used:', other: '# plug-ins can’t be used:' }),
    line: (line: number) => `Line ${line}`,
    start: 'Start training',
    starting: 'Starting…',
    mendFirst: 'Mend the problems first',
    meaning: 'Trains in a process of its own on the server, which goes on when this page is closed.',
    meaningHere: 'Trains in this notebook’s kernel, unless the executor says otherwise.',
    startedBelow: (name: string) => `Started ${name}; its panel is below.`,
    noKernel:
      'The kernel has ended or was started anew, so nothing can be checked or started from here. Run the cell again; what is written here stays until then.'
  }
};

export type ViewWords = typeof viewsEn;
