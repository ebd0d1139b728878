/**
 * What the panel hands to the views that show what a model does, and what it knows of them. They are a script of
 * their own, loaded when one of their tabs is first opened, since notebooks keep the panel's.
 */

import type { Memory, RunClient, Snapshot } from '../contract';

export type InsightTab = 'confusion' | 'metrics' | 'examples' | 'try' | 'tests' | 'compare' | 'analysis';

/** Whoever answers for a run; the same object as long as the run is shown, so that what was read is kept by it. */
export type InsightClient = Pick<RunClient, 'act' | 'read' | 'testFile'>;

export interface InsightProps {
  /** The view that is shown. */
  tab: InsightTab;
  client: InsightClient;
  memory: Memory;
  snapshot: Snapshot;
  /** Nobody answers now. */
  gone: boolean;
  /** A language tag such as `pt-BR`. */
  language: string;
  /** What a person asked to try outside of these views, and how manieth of such requests it is. */
  trying: { checkpoint: string | number; request: number } | null;
  /** Opens another view. */
  onTab: (tab: InsightTab) => void;
}

export interface MountedInsight {
  update(props: InsightProps): void;
  unmount(): void;
}

/** What the script gives. */
export interface Insight {
  mount(element: HTMLElement, props: InsightProps): MountedInsight;
}

export type LoadInsight = () => Promise<Insight>;
