import type { Problem } from '../errors.ts';
import type { Config } from '../model/config.ts';
import { type Collection, type Entries, toProblem } from './entries.ts';
import type { Resources } from './resources.ts';
import { answersOf } from './vocabulary.ts';

type Report = (
  collection: Collection,
  name: string,
  path: readonly (string | number)[],
  message: string,
) => void;

/** What only shows when several resources, or the running config, are looked at together. */
export function checkWhole(resources: Resources, entries: Entries, previous?: Config): readonly Problem[] {
  const problems: Problem[] = [];
  const report: Report = (collection, name, path, message) => {
    const entry = entries.get(collection)?.get(name);
    if (entry !== undefined) problems.push(toProblem(entry, { path, message }));
  };
  checkGroups(resources, previous, report);
  checkAnswers(resources, report);
  checkPriorities(resources, report);
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
    const used = new Set([...service.endpoints, ...service.from].map((part) => part.priority));
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
