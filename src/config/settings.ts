import path from 'node:path';
import { z } from 'zod';
import { errorText, MusterError, type Problem } from '../errors.ts';
import { readRegularFile } from '../files/regular-file.ts';
import { check, type Fault } from './issues.ts';
import { pathText, placeOf } from './place.ts';
import { type Address, isLoopback, toAddress } from './settings/address.ts';
import { fromEnvironment, present } from './settings/environment.ts';
import { type LOG_LEVELS, settingsSchema } from './settings/schema.ts';
import { readSealKey, type SealKey } from './settings/seal-key.ts';
import { absoluteState, mergeState, splitState } from './settings/state.ts';
import { parseTree, type Tree } from './tree.ts';

/** What one replica is told about itself; nothing in it concerns the fleet. Paths are absolute. */
export interface Settings {
  readonly config: string;
  /** Absent: nothing is kept over a restart. */
  readonly state?: string | undefined;
  /** Keeps last good secrets in `state`, sealed with this key. Absent: no byte of a secret is kept. */
  readonly seal?: SealKey | undefined;
  readonly xds: Address;
  readonly api: Address;
  readonly apiTokenFile?: string | undefined;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** mTLS of the node port. */
  readonly nodeTls?:
    | { readonly certificate: string; readonly privateKey: string; readonly ca: string }
    | undefined;
  /** Of `spiffe://<trust domain>/group/<group>/node/<id>`. */
  readonly trustDomain?: string | undefined;
  /** Identities, fingerprints and serials of nodes that may not connect. */
  readonly nodeDenylist?: string | undefined;
  /** Exact URI SANs that may read the client status (CSDS). */
  readonly operators?: readonly string[] | undefined;
  /** What was refused is appended here too. */
  readonly auditFile?: string | undefined;
  /** Plaintext xDS beyond loopback is let in, and served no secret. */
  readonly allowPlaintext: boolean;
}

export interface SettingsInput {
  /** `muster.yaml`; relative paths in it start at its folder, those of flags and environment at `cwd`. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: Readonly<Record<string, unknown>>;
  readonly cwd?: string | undefined;
}

const PATHS = ['config', 'apiTokenFile', 'nodeDenylist', 'auditFile'] as const;
const STATE_KEYS = ['state', 'seal', 'sealKeyFile'] as const;

/** File, then environment (`MUSTER_*`), then flags: the later goes first. Throws `settings_invalid` with every problem. */
export async function loadSettings(input: SettingsInput): Promise<Settings> {
  const cwd = input.cwd ?? process.cwd();
  const fromFile =
    input.file === undefined ? undefined : await readSettingsFile(path.resolve(cwd, input.file));
  const over = { ...fromEnvironment(input.env), ...present(input.flags) };
  const written = mergeState(
    absolute(fromFile?.values ?? {}, path.dirname(fromFile?.tree.path ?? cwd)),
    absolute(over, cwd),
  );
  const toProblem = ({ path: at, message, hint, atKey }: Fault): Problem => {
    const [key = ''] = at;
    const keys = key === 'state' ? STATE_KEYS : [String(key)];
    const overridden = fromFile === undefined || keys.some((one) => Object.hasOwn(over, one));
    return {
      ...(overridden ? {} : placeOf(fromFile.tree, fromFile.tree.root, at, atKey)),
      path: pathText(at),
      message,
      hint,
    };
  };
  const { value, faults } = check(settingsSchema, written);
  if (value === undefined) throw invalid(faults.map(toProblem));
  const { state, seal: place } = splitState(value.state);
  const seal = place === undefined ? undefined : await readSealKey(place, input.env);
  if (seal !== undefined && 'message' in seal) throw invalid([toProblem(seal)]);
  const settings = { ...value, state, seal, xds: toAddress(value.xds), api: toAddress(value.api) };
  const { config } = settings;
  const wrong = unsafe(settings);
  if (wrong.length > 0 || config === undefined) throw invalid(wrong);
  return { ...settings, config };
}

/** Settings that are right one by one and not together. */
function unsafe(settings: Omit<Settings, 'config'> & { readonly config?: string | undefined }): Problem[] {
  const problems: Problem[] = [];
  const add = (at: string, message: string, hint: string) => problems.push({ path: at, message, hint });
  if (settings.config === undefined) add('config', 'is missing', 'give --config PATH');
  if (!isLoopback(settings.api.host) && settings.apiTokenFile === undefined) {
    add('api', `${settings.api.host} is beyond loopback and the API has no token`, 'give apiTokenFile');
  }
  if (!isLoopback(settings.xds.host) && settings.nodeTls === undefined && !settings.allowPlaintext) {
    add(
      'xds',
      `${settings.xds.host} is beyond loopback and the node port has no TLS`,
      'give nodeTls, or allowPlaintext: true',
    );
  }
  for (const operator of settings.operators ?? []) {
    if (isNodeIdentity(operator)) {
      add('operators', `${operator} is the identity of a node`, 'a node never reads the status of others');
    }
  }
  return problems;
}

/** `spiffe://<trust domain>/group/<group>/node/<id>`, of whichever trust domain. */
function isNodeIdentity(uri: string): boolean {
  return /^spiffe:\/\/[^/]*\/group\/[^/]*\/node\//.test(uri);
}

async function readSettingsFile(at: string): Promise<{ values: Record<string, unknown>; tree: Tree }> {
  let text: string;
  try {
    const { bytes } = await readRegularFile(at, { maxBytes: 1024 * 1024 });
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw invalid([{ file: at, path: '', message: `cannot be read: ${errorText(error)}` }], error);
  }
  const { tree, problems } = parseTree(at, text);
  if (tree === undefined) throw invalid(problems);
  const values = z.record(z.string(), z.unknown()).safeParse(tree.data ?? {});
  if (!values.success) throw invalid([{ file: at, path: '', message: 'expected a map of settings' }]);
  return { values: values.data, tree };
}

function absolute(values: Readonly<Record<string, unknown>>, folder: string): Record<string, unknown> {
  const resolve = (value: unknown) =>
    typeof value === 'string' && value !== '' ? path.resolve(folder, value) : value;
  const changed = PATHS.filter((key) => key in values).map((key) => [key, resolve(values[key])]);
  const tls = values['nodeTls'];
  const inner =
    typeof tls === 'object' && tls !== null
      ? Object.entries(tls).map(([key, value]) => [key, resolve(value)])
      : undefined;
  return {
    ...values,
    ...Object.fromEntries(changed),
    ...absoluteState(values, folder),
    ...(inner === undefined ? {} : { nodeTls: Object.fromEntries(inner) }),
  };
}

function invalid(problems: readonly Problem[], cause?: unknown): MusterError {
  return new MusterError('settings_invalid', 'the process settings are not valid', { problems, cause });
}
