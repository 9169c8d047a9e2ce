import type { Problem } from '../errors.ts';
import type { Config, Service } from '../model/config.ts';
import { type Collection, type Entries, toProblem } from './entries.ts';
import type { Resources } from './resources.ts';
import { answersOf } from './vocabulary.ts';

type Report = (
  collection: Collection,
  name: string,
  path: readonly (string | number)[],
  message: string,
  hint?: string,
) => void;

/** What only shows when several resources, or the running config, are looked at together. */
export function checkWhole(resources: Resources, entries: Entries, previous?: Config): readonly Problem[] {
  const problems: Problem[] = [];
  const report: Report = (collection, name, path, message, hint) => {
    const entry = entries.get(collection)?.get(name);
    if (entry !== undefined) problems.push(toProblem(entry, { path, message, hint }));
  };
  checkGroups(resources, previous, report);
  checkAnswers(resources, report);
  checkPriorities(resources, report);
  checkFailover(resources, report);
  checkBackendSubsets(resources, report);
  return problems;
}

/** Two listeners may share an address where no proxy gets both: different groups are different machines. */
function checkGroups(resources: Resources, previous: Config | undefined, report: Report): void {
  for (const group of resources.groups.values()) {
    const taken = new Map<string, string>();
    for (const [index, name] of group.listeners.entries()) {
      const listener = resources.listeners.get(name);
      if (listener === undefined) continue;
      const address = `${listener.address} port ${listener.port}`;
      const other = taken.get(address);
      if (other === name) report('groups', group.name, ['listeners', index], `"${name}" is listed twice`);
      else if (other !== undefined)
        report(
          'groups',
          group.name,
          ['listeners', index],
          `the listeners "${other}" and "${name}" both listen on ${address}`,
        );
      taken.set(address, name);
    }
    const before = previous?.groups.get(group.name)?.listeners.length ?? 0;
    if (before > 0 && group.listeners.length === 0 && !group.allowEmpty) {
      report(
        'groups',
        group.name,
        ['listeners'],
        `the group had ${before} listeners and now has none; write allowEmpty: true if that is meant`,
      );
    }
  }
}

/** Gateway API answers a rule without backends with 500; here it is a mistake that validate can see, so it is refused. */
function checkAnswers(resources: Resources, report: Report): void {
  for (const route of resources.httpRoutes.values()) {
    for (const [index, rule] of route.rules.entries()) {
      const answers = answersOf(route, rule);
      if (answers.length === 0 && rule.backends.length === 0)
        report(
          'httpRoutes',
          route.name,
          ['rules', index],
          'the rule has no backends and no filter that answers (requestRedirect, directResponse)',
        );
      if (answers.length > 1)
        report(
          'httpRoutes',
          route.name,
          ['rules', index],
          `${answers.join(' and ')} both answer here: keep one (filters of the route apply to every rule)`,
        );
    }
  }
}

/** Envoy refuses endpoints whose priorities skip a number. */
function checkPriorities(resources: Resources, report: Report): void {
  for (const service of resources.services.values()) {
    const used = prioritiesOf(service);
    const highest = Math.max(0, ...used);
    const gap = Array.from({ length: highest }, (_, level) => level).find((level) => !used.has(level));
    if (gap !== undefined)
      report(
        'services',
        service.name,
        [],
        `priority ${highest} is used but priority ${gap} is not: priorities start at 0 and have no gaps`,
      );
  }
}

function prioritiesOf({ endpoints, hosts = [], from }: Service): ReadonlySet<number> {
  return new Set([...endpoints, ...hosts, ...from].map((part) => part.priority));
}

/** Envoy knows priorities from 0 to 128, and `failover` divides each of the user's. */
const MOST_PRIORITIES = 129;

function checkFailover(resources: Resources, report: Report): void {
  for (const service of resources.services.values()) {
    if (service.failover === undefined) continue;
    const count = Math.max(1, prioritiesOf(service).size) * (service.failover.order.length + 1);
    if (count > MOST_PRIORITIES)
      report(
        'services',
        service.name,
        ['failover'],
        `makes ${count} priorities of the service's; Envoy has ${MOST_PRIORITIES}`,
      );
  }
}

/** A subset that no list of keys divides by would never have an endpoint. */
function checkBackendSubsets({ httpRoutes, services }: Resources, report: Report): void {
  for (const route of httpRoutes.values()) {
    for (const [rule, { backends }] of route.rules.entries()) {
      for (const [index, { service: name, subset }] of backends.entries()) {
        const service = services.get(name);
        if (subset === undefined || service === undefined) continue;
        const asked = subset.map(([key]) => key).join(', ');
        const known = (service.subsets?.keys ?? []).map((keys) => keys.join(', '));
        if (known.includes(asked)) continue;
        const path = ['rules', rule, 'backends', index, 'subset'];
        if (known.length === 0)
          report('httpRoutes', route.name, path, `the service "${name}" has no \`subsets\``);
        else
          report(
            'httpRoutes',
            route.name,
            path,
            `the service "${name}" has no subsets by ${asked}`,
            `known: ${known.map((keys) => `[${keys}]`).join(', ')}`,
          );
      }
    }
  }
}
