import type { RunModel } from '../model/run-model';
import { copyText } from './button';

/** Copies something of a run, and says that it did; or else, what it is. */
export async function copyOf(model: RunModel, text: string, otherwise: string): Promise<void> {
  model.tell((await copyText(text)) ? `Copied ${text}.` : otherwise);
}
