import { DOING } from '../model/pending';
import { chartsEn } from './charts';
import { pluralOf } from './plural';
import { viewsEn } from './views-en';

const plural = pluralOf('en');

/** What the studio views say in English. Every other language says the same: its type is this one. */
export const en = {
  ...viewsEn,
  /** The tag by which further words are found. */
  language: 'en',
  states: {
    pending: 'Pending',
    running: 'Running',
    paused: 'Paused',
    suspended: 'Suspended',
    completed: 'Completed',
    stopped: 'Stopped',
    failed: 'Failed',
    lost: 'Lost'
  },
  verbs: {
    pause: 'Pause',
    resume: 'Resume',
    suspend: 'Suspend',
    stop: 'Stop',
    checkpoint: 'Checkpoint',
    set: 'Set learning rate…',
    clone: 'Clone',
    try: 'Try',
    delete: 'Delete…'
  },
  doing: {
    ...DOING,
    try: 'Predicting…',
    delete: 'Deleting…'
  },
  actions: {
    open: 'Open',
    newRun: 'New run',
    compare: 'Compare',
    select: 'Select to compare',
    deselect: 'Deselect',
    insertCode: 'Insert code into notebook',
    copyId: 'Copy run id',
    copied: (id: string) => `Copied ${id}.`,
    notCopied: (id: string) => `The run’s id is ${id}.`,
    cancel: 'Cancel',
    set: 'Set',
    clear: 'Clear',
    tryAgain: 'Try again',
    dismiss: 'Dismiss',
    more: 'More',
    actionsOf: (name: string) => `Actions for ${name}`
  },
  connection: {
    unreachable: 'The server doesn’t answer. Is it still running?',
    lost: 'Not connected to the server.',
    retrying: 'What you see may be out of date. Trying again…',
    silent: 'No answer from the server yet.',
    silentHint: 'It is busy, or the network is slow.',
    refused: (status: number) => `The server refused the request (HTTP ${status}).`
  },
  list: {
    title: 'Runs',
    groups: { running: 'Running', paused: 'Paused', finished: 'Finished', failed: 'Failed' },
    runs: (number: number) => plural(number, { one: '# run', other: '# runs' }),
    filter: 'Filter runs',
    filterHint: 'name, state:running, val_accuracy>0.9',
    clearFilter: 'Clear the filter',
    sort: 'Sort',
    sorts: {
      newest: 'Newest first',
      oldest: 'Oldest first',
      name: 'Name',
      best: 'Best value',
      updated: 'Last changed'
    },
    loading: 'Loading runs…',
    emptyTitle: 'No runs yet.',
    empty: 'Start one here, or run %%dltrain in a notebook. Every run appears here by itself.',
    noMatchTitle: 'No run matches.',
    noMatch: (filter: string) => `Nothing fits “${filter}”. Change the filter, or clear it to see every run.`,
    errorTitle: 'The runs can’t be listed.',
    best: (metric: string, value: string) => `best ${metric} ${value}`,
    left: (time: string) => `${time} left`,
    epoch: (epoch: string, epochs: string) => `epoch ${epoch} of ${epochs}`,
    progress: 'Training progress',
    on: (host: string) => `on ${host}`,
    created: (age: string) => `started ${age}`,
    askDelete: (name: string) => `Delete ${name}?`,
    keep: 'Keep',
    delete: 'Delete',
    deleted: (name: string) => `${name} was deleted.`,
    askStop: (name: string) => `Stop ${name}?`,
    stop: 'Stop',
    keepTraining: 'Keep on',
    cloned: (name: string) => `Cloned as ${name}.`,
    done: (verb: string) => `${verb}: done.`,
    learningRate: 'Learning rate',
    rateHint: 'a number above 0',
    selected: (number: number) => plural(number, { one: '# selected', other: '# selected' }),
    selectMore: 'Select another run to compare.',
    keys: 'Arrows move, Enter opens, Space selects, Delete deletes, Shift+F10 shows the actions.',
    stateChanged: (name: string, state: string) => `${name}: ${state}.`
  },
  charts: chartsEn,
  gauges: {
    title: (host: string) => `Load of ${host}`,
    waiting: 'Measuring the server’s load…',
    cpu: 'CPU',
    memory: 'Memory',
    gpu: 'GPU',
    cores: (number: number) => plural(number, { one: '# core', other: '# cores' })
  }
};

export type Words = typeof en;
