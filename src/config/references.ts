import type { Problem } from '../errors.ts';
import type { SecretKind } from '../model/config.ts';
import { type Collection, type Entries, type Entry, member, toProblem } from './entries.ts';
import { nameHint, quote } from './nearest.ts';
import { checkStoreCycles, type Edge } from './store-cycles.ts';
import { fittingTemplates } from './templates.ts';

/** Every place that names another resource; `*` stands for each entry of a list. */
export const REFERENCES: readonly {
  readonly from: Collection;
  readonly path: readonly string[];
  readonly to: Collection;
  /** To be attached to does not make anything used: no proxy has a listener because a route names it. */
  readonly attaches?: true;
  /** Of a secret. */
  readonly kind?: SecretKind;
}[] = [
  { from: 'sources', path: ['consul', 'token', 'secret'], to: 'secrets', kind: 'value' },
  { from: 'sources', path: ['http', 'authorization', 'secret'], to: 'secrets', kind: 'value' },
  { from: 'secretStores', path: ['vault', 'auth', 'token', 'secret'], to: 'secrets', kind: 'value' },
  { from: 'sources', path: ['ec2', 'accounts', '*', 'keys', 'secret'], to: 'secrets', kind: 'value' },
  { from: 'secretStores', path: ['awsSecretsManager', 'keys', 'secret'], to: 'secrets', kind: 'value' },
  { from: 'secrets', path: ['tls', 'store'], to: 'secretStores' },
  { from: 'secrets', path: ['ca', 'store'], to: 'secretStores' },
  { from: 'secrets', path: ['value', 'store'], to: 'secretStores' },
  { from: 'secrets', path: ['sessionTicketKeys', 'store'], to: 'secretStores' },
  { from: 'services', path: ['from', '*', 'source'], to: 'sources' },
  { from: 'serviceTemplates', path: ['source'], to: 'sources' },
  { from: 'listeners', path: ['tls', 'certificates', '*', 'secret'], to: 'secrets', kind: 'tls' },
  {
    from: 'listeners',
    path: ['tls', 'sessionTicketKeys', 'secret'],
    to: 'secrets',
    kind: 'sessionTicketKeys',
  },
  { from: 'httpRoutes', path: ['listeners', '*'], to: 'listeners', attaches: true },
  { from: 'httpRoutes', path: ['rules', '*', 'backends', '*', 'service'], to: 'services' },
  { from: 'groups', path: ['listeners', '*'], to: 'listeners' },
];

const ONE: Readonly<Record<Collection, string>> = {
  sources: 'source',
  secretStores: 'secret store',
  secrets: 'secret',
  services: 'service',
  serviceTemplates: 'service template',
  listeners: 'listener',
  httpRoutes: 'HTTP route',
  groups: 'group',
};

/** Beyond that many unknown names no nearest one is looked for: each costs a walk over all names. */
const MAX_HINTS = 100;

/** The store that is always there. */
export const BUILT_IN_STORE = 'file';

/**
 * Checks every reference on the data as written, so that a fault elsewhere in a resource hides none.
 * `used` holds `collection/name` of everything that is named somewhere.
 */
export function checkReferences(entries: Entries): {
  problems: readonly Problem[];
  used: ReadonlySet<string>;
} {
  const problems: Problem[] = [];
  const used = new Set<string>();
  const edges: Edge[] = [];
  const fitting = fittingTemplates(entries);
  for (const { from, path, to, attaches, kind } of REFERENCES) {
    for (const entry of entries.get(from)?.values() ?? []) {
      for (const found of stringsAt(entry.data, path, [])) {
        const made = to === 'services' && !entries.get(to)?.has(found.value) ? fitting(found.value) : [];
        for (const template of made) used.add(`serviceTemplates/${template}`);
        const options = { entries, kind, hints: problems.length < MAX_HINTS };
        const problem =
          made.length === 0 ? checkOne(entry, found, to, options) : checkMade(entry, found, made);
        if (problem !== undefined) problems.push(problem);
        if (from === 'secretStores' || to === 'secretStores')
          edges.push({ from, entry, path: found.path, to, name: found.value });
        if (attaches !== true) used.add(`${to}/${found.value}`);
      }
    }
  }
  return { problems: [...problems, ...checkStoreCycles(edges)], used };
}

interface Found {
  readonly path: readonly (string | number)[];
  readonly value: string;
}

function checkOne(
  entry: Entry,
  { path, value }: Found,
  to: Collection,
  {
    entries,
    kind,
    hints,
  }: { readonly entries: Entries; readonly kind?: SecretKind | undefined; readonly hints: boolean },
): Problem | undefined {
  const targets = entries.get(to);
  const target = targets?.get(value);
  if (target === undefined) {
    if (to === 'secretStores' && value === BUILT_IN_STORE) return undefined;
    const builtIn = to === 'secretStores' ? [BUILT_IN_STORE] : [];
    const also = to === 'services' ? patterns(entries) : builtIn;
    const hint = hints ? nameHint(value, [...(targets?.keys() ?? []), ...also]) : undefined;
    return toProblem(entry, { path, message: `there is no ${ONE[to]} ${quote(value)}`, hint });
  }
  if (kind === undefined || member(target.data, kind) !== undefined) return undefined;
  return toProblem(entry, { path, message: `the secret ${quote(value)} is not of kind ${kind}` });
}

/** As they are written: `consul-{service}` tells what would fit. */
function patterns(entries: Entries): readonly string[] {
  return [...(entries.get('serviceTemplates')?.values() ?? [])].flatMap(({ data }) => {
    const pattern = member(data, 'name');
    return typeof pattern === 'string' ? [pattern] : [];
  });
}

/** A service that no one wrote comes from one template. */
function checkMade(entry: Entry, { path, value }: Found, templates: readonly string[]): Problem | undefined {
  if (templates.length === 1) return undefined;
  const names = templates.map(quote).join(' and ');
  return toProblem(entry, {
    path,
    message: `there is no service ${quote(value)}, and several service templates would make it: ${names}`,
    hint: 'write the service, or make the templates differ',
  });
}

export function stringsAt(data: unknown, path: readonly string[], at: readonly (string | number)[]): Found[] {
  const [step, ...rest] = path;
  if (step === undefined) return typeof data === 'string' ? [{ path: at, value: data }] : [];
  if (step !== '*') return stringsAt(member(data, step), rest, [...at, step]);
  return Array.isArray(data) ? data.flatMap((item, index) => stringsAt(item, rest, [...at, index])) : [];
}
