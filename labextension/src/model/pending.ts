import type { Control, RunState, Snapshot, Verb } from '../contract';

/** A verb somebody asked for here, until the run answers. */
export interface Pending {
  verb: string;
  /** Newest control when it was asked; an answer has a higher id. */
  after: number;
  /** The run's state when it was asked: resuming a dead run makes no control, it changes the state. */
  state: RunState;
  /** When the other side took the request in; `null` until it did. */
  accepted: number | null;
}

/** A verb that was taken in but shows neither as a control nor as a change of state is given up after this. */
export const GIVE_UP_MS = 5000;

/** A verb while it is under way. */
export const DOING = {
  pause: 'Pausing…',
  resume: 'Resuming…',
  suspend: 'Suspending…',
  stop: 'Stopping…',
  checkpoint: 'Saving…',
  set: 'Setting…',
  clone: 'Cloning…'
} satisfies Partial<Record<Verb, string>>;

/** What is being done while a verb is pending: `Pausing…`. */
export function doing(verb: string): string {
  return (DOING as Record<string, string>)[verb] ?? `${verb}…`;
}

export function ask(verb: string, snapshot: Snapshot | null): Pending {
  return {
    verb,
    after: newest(snapshot?.controls ?? []),
    state: snapshot?.run.state ?? 'pending',
    accepted: null
  };
}

/** Drops what the snapshot shows to be answered, or to have become a control that speaks for itself. */
export function settle(pending: Pending[], snapshot: Snapshot, now: number): Pending[] {
  return pending.filter(({ verb, after, state, accepted }) => {
    const recorded = snapshot.controls.some(control => control.kind === verb && control.id > after);
    const moved = snapshot.run.state !== state;
    const forgotten = accepted !== null && now - accepted > GIVE_UP_MS;
    return !recorded && !moved && !forgotten;
  });
}

/** Every verb under way, whoever asked for it. */
export function underWay(pending: Pending[], controls: Control[]): Set<string> {
  const requested = controls.filter(control => control.status === 'requested').map(control => control.kind);
  return new Set([...pending.map(({ verb }) => verb), ...requested]);
}

/** Controls that were answered between two snapshots, oldest first. */
export function answered(before: Control[], after: Control[]): Control[] {
  const open = new Set(before.filter(control => control.status === 'requested').map(({ id }) => id));
  const last = newest(before);
  return after
    .filter(control => control.status !== 'requested' && (control.id > last || open.has(control.id)))
    .sort((a, b) => a.id - b.id);
}

/** What a finished control did, in one sentence. */
export function outcome(control: Control): string {
  if (control.outcome !== null && control.outcome !== '') {
    return control.outcome;
  }
  const verb = control.kind.charAt(0).toUpperCase() + control.kind.slice(1);
  return control.status === 'refused' ? `${verb} was refused.` : `${verb}: done.`;
}

function newest(controls: Control[]): number {
  return controls.reduce((highest, { id }) => Math.max(highest, id), 0);
}
