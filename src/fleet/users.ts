import { meetsCondition } from '../discovery/conditions.ts';
import { labelOf } from '../discovery/instances.ts';
import type { Config, Service, ServiceFrom } from '../model/config.ts';
import type { Instance } from '../model/instance.ts';
import type { InstanceChange } from './world/served.ts';

interface User {
  readonly service: Service;
  readonly from: ServiceFrom;
}

/** The services that select from a source, by the source's own service name where they all give one. */
export interface Users {
  readonly all: readonly Service[];
  readonly byService: ReadonlyMap<string, readonly Service[]>;
  readonly ofAnyService: readonly User[];
}

export function usersOf(config: Config, source: string): Users {
  const all = [...config.services.values()].filter(({ from }) => from.some((one) => one.source === source));
  const byService = new Map<string, Service[]>();
  const ofAnyService: User[] = [];
  for (const service of all) {
    for (const from of service.from.filter((one) => one.source === source)) {
      if (from.service === undefined) ofAnyService.push({ service, from });
      else {
        const known = byService.get(from.service);
        if (known === undefined) byService.set(from.service, [service]);
        else if (!known.includes(service)) known.push(service);
      }
    }
  }
  return { all, byService, ofAnyService };
}

/** The users of a source that a change of these instances can concern: what they never select cannot. */
export function affected(
  users: Users,
  label: string | undefined,
  changes: readonly InstanceChange[],
): ReadonlySet<Service> {
  const concerned = new Set<Service>();
  const names = new Set<string>();
  const moved = changes.flatMap(({ before, after }) => [before, after].filter((one) => one !== undefined));
  for (const instance of moved) {
    const name = label === undefined ? undefined : labelOf(instance, label);
    if (name !== undefined) names.add(name);
  }
  for (const name of names) for (const service of users.byService.get(name) ?? []) concerned.add(service);
  const valuesOf = valuesByLabel(moved);
  for (const { service, from } of users.ofAnyService) {
    if (concerned.has(service) || !mayMeet(from, valuesOf)) continue;
    if (moved.some((instance) => meetsAll(from, instance))) concerned.add(service);
  }
  return concerned;
}

/** The values that a label has among these, gathered at the first question. */
function valuesByLabel(instances: readonly Instance[]): (label: string) => ReadonlySet<string | undefined> {
  const known = new Map<string, ReadonlySet<string | undefined>>();
  return (label) => {
    const values = known.get(label) ?? new Set(instances.map((instance) => labelOf(instance, label)));
    known.set(label, values);
    return values;
  };
}

/** A thousand services by tag and a thousand changes: nearly all are told apart without looking at pairs. */
function mayMeet(
  { where }: ServiceFrom,
  valuesOf: (label: string) => ReadonlySet<string | undefined>,
): boolean {
  for (const [label, condition] of where) {
    if ('equals' in condition && !valuesOf(label).has(condition.equals)) return false;
  }
  return true;
}

export function namesOf(services: readonly Service[]): readonly string[] {
  return services.map(({ name }) => name);
}

function meetsAll({ where }: ServiceFrom, instance: Instance): boolean {
  for (const [label, condition] of where) {
    if (!meetsCondition(labelOf(instance, label), condition)) return false;
  }
  return true;
}
