import type { Problem } from '../errors.ts';
import type { Config, Listener } from '../model/config.ts';
import type { HttpRoute } from '../model/route.ts';
import { type Entries, toProblem } from './entries.ts';

const MAY_BE_UNUSED = ['sources', 'secretStores', 'secrets', 'services', 'listeners'] as const;

/** What is allowed and probably not meant. */
export function findWarnings(
  config: Config,
  entries: Entries,
  used: ReadonlySet<string>,
): readonly Problem[] {
  const warnings: Problem[] = [];
  for (const collection of MAY_BE_UNUSED) {
    for (const entry of entries.get(collection)?.values() ?? []) {
      if (!used.has(`${collection}/${entry.name}`))
        warnings.push(toProblem(entry, { path: [], message: 'is used by nothing', atKey: true }));
    }
  }
  const taken = new Map<string, string>();
  for (const route of config.httpRoutes.values()) {
    const entry = entries.get('httpRoutes')?.get(route.name);
    if (entry === undefined) continue;
    const warn = (path: readonly (string | number)[], message: string) =>
      warnings.push(toProblem(entry, { path, message }));
    warnRoute(route, config, warn);
    warnShadowed(route, taken, warn);
  }
  return warnings;
}

type Warn = (path: readonly (string | number)[], message: string) => void;

function warnRoute(route: HttpRoute, config: Config, warn: Warn): void {
  for (const [index, rule] of route.rules.entries()) {
    const idle = rule.backends.length > 0 && rule.backends.every((backend) => backend.weight === 0);
    if (idle) warn(['rules', index, 'backends'], 'every weight is 0: the rule answers 500');
  }
  for (const name of route.listeners) {
    const listener = config.listeners.get(name);
    if (listener?.redirectToHttps !== undefined)
      warn(
        ['listeners'],
        `the listener "${name}" redirects everything to https: this route is never used there`,
      );
    for (const [index, host] of route.hostnames.entries()) {
      if (listener !== undefined && !covers(listener, host))
        warn(['hostnames', index], `no certificate of the listener "${name}" serves "${host}"`);
    }
  }
}

function covers(listener: Listener, host: string): boolean {
  if (listener.tls === undefined) return true;
  return listener.tls.certificates.some(
    ({ hostnames }) =>
      hostnames.length === 0 ||
      hostnames.some((name) => name === host || (name.startsWith('*.') && host.endsWith(name.slice(1)))),
  );
}

/** The same match on the same listener and host twice: the first one wins. */
function warnShadowed(route: HttpRoute, taken: Map<string, string>, warn: Warn): void {
  for (const [index, rule] of route.rules.entries()) {
    for (const match of rule.matches) {
      const key = JSON.stringify([route.listeners, route.hostnames, match]);
      const mine = `${route.name} rule ${index}`;
      const other = taken.get(key);
      if (other !== undefined) warn(['rules', index], `is never used: ${other} has the same match`);
      else taken.set(key, mine);
    }
  }
}
