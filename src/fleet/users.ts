import { labelOf } from '../discovery/instances.ts';
import type { Config, Service } from '../model/config.ts';
import type { Instance } from '../model/instance.ts';

/** The services that select from a source, by the source's own service name where they all give one. */
export interface Users {
  readonly all: readonly Service[];
  readonly byService: ReadonlyMap<string, readonly Service[]>;
  readonly ofAnyService: readonly Service[];
}

export const NO_USERS: Users = { all: [], byService: new Map(), ofAnyService: [] };

export function usersOf(config: Config, source: string): Users {
  const all = [...config.services.values()].filter(({ from }) => from.some((one) => one.source === source));
  const byService = new Map<string, Service[]>();
  const ofAnyService: Service[] = [];
  for (const service of all) {
    const names = service.from.filter((one) => one.source === source).map((one) => one.service);
    if (names.includes(undefined)) ofAnyService.push(service);
    for (const name of new Set(names)) {
      if (name === undefined) continue;
      const known = byService.get(name);
      if (known === undefined) byService.set(name, [service]);
      else known.push(service);
    }
  }
  return { all, byService, ofAnyService };
}

/** The users of a source that a change of one scope can concern: those of other service names cannot. */
export function affected(
  users: Users,
  label: string | undefined,
  before: readonly Instance[],
  after: readonly Instance[],
): ReadonlySet<Service> {
  const concerned = new Set(users.ofAnyService);
  if (label === undefined) return concerned;
  for (const instances of [before, after]) {
    let last: string | undefined;
    for (const instance of instances) {
      const name = labelOf(instance, label);
      if (name === undefined || name === last) continue;
      last = name;
      for (const service of users.byService.get(name) ?? []) concerned.add(service);
    }
  }
  return concerned;
}

export function namesOf(services: readonly Service[]): readonly string[] {
  return services.map(({ name }) => name);
}
