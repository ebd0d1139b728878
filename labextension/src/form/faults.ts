import { isSettings } from '../model/yaml-document';
import type { FormField } from './contract';

/** What is wrong with a value, as its setting's description alone can tell. */
export type Fault =
  | { kind: 'number' | 'whole' | 'list' | 'text' | 'truth' | 'mapping' }
  | { kind: 'least' | 'above' | 'most' | 'below' | 'shortest' | 'longest'; bound: number }
  | { kind: 'pattern'; pattern: string }
  | { kind: 'option'; options: string };

/**
 * Says what is wrong with a value, or that nothing is as far as can be told without the server. What is inside of
 * groups, and of the items of a list, is looked at where it is shown.
 */
export function faultOf(field: FormField, value: unknown): Fault | null {
  if (value === undefined || (value === null && (field.nullable === true || field.required !== true))) {
    return null;
  }
  switch (field.kind) {
    case 'int':
    case 'float':
      return faultOfNumber(field, value);
    case 'str':
      return typeof value === 'string' ? faultOfText(field, value) : null;
    case 'bool':
      return typeof value === 'boolean' ? null : { kind: 'truth' };
    case 'select':
      return field.options?.some(option => option === value) === false
        ? { kind: 'option', options: field.options.map(shown).join(', ') }
        : null;
    case 'multiselect':
    case 'list':
      return faultOfList(field, value);
    case 'mapping':
      return isSettings(value) ? null : { kind: 'mapping' };
    case 'either':
      return faultOfEither(field, value);
    default:
      return null;
  }
}

/** Says a fault in a person's language. */
export function sentence(
  said: { faults: Record<Fault['kind'], (bound: string) => string> },
  fault: Fault
): string {
  const bound =
    'bound' in fault
      ? String(fault.bound)
      : 'pattern' in fault
        ? fault.pattern
        : 'options' in fault
          ? fault.options
          : '';
  return said.faults[fault.kind](bound);
}

/** A value as an option is written. */
export function shown(value: unknown): string {
  return value === null ? 'none' : String(value);
}

function faultOfNumber(field: FormField, value: unknown): Fault | null {
  if (typeof value !== 'number' || Number.isNaN(value)) {
    return { kind: field.kind === 'int' ? 'whole' : 'number' };
  }
  if (field.kind === 'int' && !Number.isInteger(value)) {
    return { kind: 'whole' };
  }
  const { minimum, exclusive_minimum: above, maximum, exclusive_maximum: below } = field;
  if (minimum !== undefined && value < minimum) {
    return { kind: 'least', bound: minimum };
  }
  if (above !== undefined && value <= above) {
    return { kind: 'above', bound: above };
  }
  if (maximum !== undefined && value > maximum) {
    return { kind: 'most', bound: maximum };
  }
  return below !== undefined && value >= below ? { kind: 'below', bound: below } : null;
}

function faultOfText(field: FormField, value: string): Fault | null {
  const length = [...value].length;
  if (field.shortest !== undefined && length < field.shortest) {
    return { kind: 'shortest', bound: field.shortest };
  }
  if (field.longest !== undefined && length > field.longest) {
    return { kind: 'longest', bound: field.longest };
  }
  return field.pattern !== undefined && matches(field.pattern, value) === false
    ? { kind: 'pattern', pattern: field.pattern }
    : null;
}

/** Python's patterns aren't all JavaScript's; what can't be read here is left to the server. */
function matches(pattern: string, value: string): boolean | null {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return null;
    }
    throw error;
  }
}

/** Whether a value may be meant as the only one of a list; where it mayn't stand for that, the server says so. */
function isOneOf({ kind, item, options }: FormField, value: unknown): boolean {
  if (kind === 'multiselect') {
    return options?.includes(value) === true;
  }
  return (
    item !== undefined && (item.kind === 'part' || (!isSettings(value) && faultOf(item, value) === null))
  );
}

function faultOfList(field: FormField, value: unknown): Fault | null {
  if (!Array.isArray(value)) {
    return isOneOf(field, value) ? null : { kind: 'list' };
  }
  if (field.shortest !== undefined && value.length < field.shortest) {
    return { kind: 'shortest', bound: field.shortest };
  }
  if (field.longest !== undefined && value.length > field.longest) {
    return { kind: 'longest', bound: field.longest };
  }
  const { item } = field;
  if (field.kind === 'multiselect') {
    const known = field.options ?? [];
    return value.every(it => known.includes(it))
      ? null
      : { kind: 'option', options: known.map(shown).join(', ') };
  }
  const plain = item !== undefined && !['group', 'part'].includes(item.kind);
  return plain ? (value.map(it => faultOf(item, it)).find(it => it !== null) ?? null) : null;
}

/** The fault of the kind that was most likely meant, where none takes the value. */
function faultOfEither(field: FormField, value: unknown): Fault | null {
  const faults = (field.alternatives ?? []).map(it =>
    it.kind === 'group' && !isSettings(value) ? ({ kind: 'mapping' } as const) : faultOf(it, value)
  );
  if (faults.length === 0 || faults.includes(null)) {
    return null;
  }
  const wrong = faults.find(it => it !== null && 'bound' in it) ?? faults[0];
  return wrong ?? null;
}
