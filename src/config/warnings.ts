import type { Problem } from '../errors.ts';
import type { Config, Listener } from '../model/config.ts';
import type { HttpRoute, HttpRule } from '../model/route.ts';
import { COLLECTIONS, type Collection, type Entries, toProblem } from './entries.ts';
import { quote } from './nearest.ts';
import { answersOf } from './vocabulary.ts';

const UNUSED = {
  sources: 'no service takes endpoints from it',
  secretStores: 'no secret is in it',
  secrets: 'nothing uses it',
  services: 'no route sends to it',
  serviceTemplates: 'no route sends to a service that it would make',
  listeners: 'no group has it',
} as const;

/** What is allowed and probably not meant. `used` holds `collection/name` of what is named somewhere. */
export function findWarnings(
  config: Config,
  entries: Entries,
  used: ReadonlySet<string>,
): readonly Problem[] {
  const warnings = findUnused(config, entries, used);
  const taken = new Map<string, string>();
  for (const route of config.httpRoutes.values()) {
    const entry = entries.get('httpRoutes')?.get(route.name);
    if (entry === undefined) continue;
    const warn: Warn = (path, message) => warnings.push(toProblem(entry, { path, message }));
    for (const [index, rule] of route.rules.entries()) warnRule(route, rule, index, warn);
    for (const name of route.listeners) warnListener(route, config.listeners.get(name), warn);
    warnShadowed(route, taken, warn);
  }
  return warnings;
}

function findUnused(config: Config, entries: Entries, named: ReadonlySet<string>): Problem[] {
  // A secret that names no store is in the built-in one, which the config may have given options.
  const used = named.union(new Set([...config.secrets.values()].map(({ store }) => `secretStores/${store}`)));
  return COLLECTIONS.flatMap((collection) => {
    if (!isMaybeUnused(collection)) return [];
    const unused = [...(entries.get(collection)?.values() ?? [])].filter(
      ({ name }) => !used.has(`${collection}/${name}`),
    );
    return unused.map((entry) =>
      toProblem(entry, { path: [], message: `is not used: ${UNUSED[collection]}`, atKey: true }),
    );
  });
}

function isMaybeUnused(collection: Collection): collection is keyof typeof UNUSED {
  return collection in UNUSED;
}

type Warn = (path: readonly (string | number)[], message: string) => void;

function warnRule(route: HttpRoute, rule: HttpRule, index: number, warn: Warn): void {
  if (rule.backends.length === 0) return;
  const [answer] = answersOf(route, rule);
  if (answer !== undefined) warn(['rules', index, 'backends'], `are never used: ${answer} answers`);
  else if (rule.backends.every((backend) => backend.weight === 0))
    warn(['rules', index, 'backends'], 'every weight is 0: the rule answers 500');
}

function warnListener(route: HttpRoute, listener: Listener | undefined, warn: Warn): void {
  if (listener === undefined) return;
  if (listener.redirectToHttps !== undefined) {
    const at = ['listeners', route.listeners.indexOf(listener.name)] as const;
    warn(
      at,
      `the listener ${quote(listener.name)} redirects everything to https: this route is never used there`,
    );
  }
  for (const [index, host] of route.hostnames.entries()) {
    if (!covers(listener, host))
      warn(
        ['hostnames', index],
        `no certificate of the listener ${quote(listener.name)} serves ${quote(host)}`,
      );
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
  const places = route.listeners.flatMap((listener) =>
    (route.hostnames.length === 0 ? [''] : route.hostnames).map((host) => `${listener} ${host} `),
  );
  for (const [index, rule] of route.rules.entries()) {
    for (const [at, match] of rule.matches.entries()) {
      const text = JSON.stringify(match);
      const winners = places.map((place) => taken.get(place + text));
      const [winner] = winners;
      if (winner !== undefined && !winners.includes(undefined)) {
        const path = rule.matches.length === 1 ? ['rules', index] : ['rules', index, 'matches', at];
        warn(path, `is never used: ${winner} has the same match`);
      }
      for (const place of places)
        if (!taken.has(place + text)) taken.set(place + text, `rule ${index} of ${quote(route.name)}`);
    }
  }
}
