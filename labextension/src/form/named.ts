import { isSettings } from '../model/yaml-document';

/** The model that is made of layers, which nobody has to name. */
export const STACK = 'stack';

/** The name of the part that something says; `null` if it says none. */
export function partNamed(value: unknown): string | null {
  if (typeof value === 'string') {
    return value;
  }
  if (!isSettings(value)) {
    return null;
  }
  return typeof value.type === 'string' ? value.type : 'layers' in value ? STACK : null;
}

/** A setting's name as one says it: `batch_size` is "Batch size". */
export function spoken(name: string, names: Readonly<Record<string, string>> = {}): string {
  const plain = name.replaceAll('_', ' ');
  return names[name] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}
