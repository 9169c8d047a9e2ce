import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { root } from '../setup.mjs';

export interface QuickstartOptions {
  /** Directory of the config. */
  readonly config: string;
  /** Where state and logs go. */
  readonly state: string;
  readonly xds: number;
  readonly api: number;
  readonly admin: number;
  readonly upstreams: readonly number[];
  /** The listeners' ports as the config has them now. */
  readonly listeners: readonly { readonly name: string; readonly port: number }[];
}

/** What stops the quickstart before it runs; the message is one line for the user. */
export class QuickstartError extends Error {}

export const USAGE = `Usage: npm start [-- options]
  --config DIR        the config to serve (examples/quickstart)
  --state DIR         state and logs (.cache/quickstart)
  --xds PORT          muster's xDS port (18000)
  --api PORT          muster's HTTP API (18080)
  --admin PORT        Envoy's admin port (19000)
  --upstreams P,P     the two small upstreams (9000,9001)`;

export function readOptions(args: readonly string[]): QuickstartOptions {
  const given = parseFlags(args);
  const config = given.config ?? join(root, 'examples', 'quickstart');
  return {
    config,
    state: given.state ?? join(root, '.cache', 'quickstart'),
    xds: port('--xds', given.xds ?? '18000'),
    api: port('--api', given.api ?? '18080'),
    admin: port('--admin', given.admin ?? '19000'),
    upstreams: (given.upstreams ?? '9000,9001').split(',').map((text) => port('--upstreams', text)),
    listeners: listenersOf(config),
  };
}

function parseFlags(args: readonly string[]): Readonly<Record<string, string | undefined>> {
  const names = ['config', 'state', 'xds', 'api', 'admin', 'upstreams'];
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new QuickstartError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}

function port(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
  throw new QuickstartError(`${flag} wants a port between 1 and 65535, not "${text}"`);
}

/** Only for the check of ports and the words on the screen: muster itself says what is wrong with a config. */
function listenersOf(config: string): { name: string; port: number }[] {
  let files: string[];
  try {
    files = readdirSync(config).filter((name) => /\.ya?ml$/.test(name));
  } catch (error) {
    throw new QuickstartError(
      `--config ${config} cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
  return files.flatMap((file) => {
    const document: unknown = tryParse(join(config, file));
    return Object.entries(entry(document, 'listeners')).flatMap(([name, listener]) => {
      const value: unknown = entry({ listener }, 'listener')['port'];
      return typeof value === 'number' ? [{ name: `${name} in ${basename(file)}`, port: value }] : [];
    });
  });
}

function tryParse(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch {
    // muster reports it with its line a moment later.
    return undefined;
  }
}

function entry(value: unknown, key: string): Record<string, unknown> {
  const inner = Object.entries(value ?? {}).find(([name]) => name === key)?.[1];
  return typeof inner === 'object' && inner !== null ? Object.fromEntries(Object.entries(inner)) : {};
}
