import { type Path, type Settings, isSettings } from '../model/yaml-document';
import type { FormField, Part } from './contract';
import { type Fault, faultOf } from './faults';
import { partNamed } from './named';

interface StandingFault {
  path: Path;
  fault: Fault;
}

/**
 * Everything that descriptions of settings show to be wrong in a configuration, also where no field is drawn just now.
 *
 * @param parts the parts of a kind that are known already
 */
export function standingFaults(
  fields: readonly FormField[],
  values: Settings,
  parts: (kind: string) => readonly Part[] | null,
  above: Path = []
): StandingFault[] {
  return fields.flatMap(field => faultsOf(field, values[field.name], parts, [...above, field.name]));
}

function faultsOf(
  field: FormField,
  value: unknown,
  parts: (kind: string) => readonly Part[] | null,
  path: Path
): StandingFault[] {
  const fault = faultOf(field, value);
  if (fault !== null) {
    return [{ path, fault }];
  }
  switch (field.kind) {
    case 'group':
      return isSettings(value)
        ? standingFaults(field.fields ?? [], value, parts, path)
        : short(field, value, path);
    case 'part': {
      const part =
        field.parts === undefined ? null : parts(field.parts)?.find(it => it.name === partNamed(value));
      return part && isSettings(value)
        ? standingFaults([...part.settings, ...(field.fields ?? [])], value, parts, path)
        : [];
    }
    case 'either': {
      const group = field.alternatives?.find(it => it.kind === 'group');
      return isSettings(value) && group !== undefined
        ? standingFaults(group.fields ?? [], value, parts, path)
        : [];
    }
    case 'list': {
      const { item } = field;
      return item !== undefined && (item.kind === 'part' || item.kind === 'group') && Array.isArray(value)
        ? value.flatMap((entry, at) => faultsOf(item, entry, parts, [...path, at]))
        : [];
    }
    default:
      return [];
  }
}

/** Something plain in the place of a group is the one setting that it is short for. */
function short(field: FormField, value: unknown, path: Path): StandingFault[] {
  const only = field.fields?.find(it => it.name === field.short);
  const fault = only === undefined ? null : faultOf(only, value);
  return fault === null ? [] : [{ path, fault }];
}
