import { readFile } from 'node:fs/promises';
import { type DestinationStream, type Logger, pino } from 'pino';
import { createApi } from './api/create-api.ts';
import { relabelRules } from './config/schema/relabel.ts';
import { loadSettings, type Settings } from './config/settings.ts';
import { errorText, MusterError } from './errors.ts';
import { VOCABULARY } from './offline/vocabulary.ts';
import { SecretBytes } from './secret-bytes.ts';
import { createActions } from './serve/actions.ts';
import { openNodeAccess } from './serve/node-access.ts';
import { Replica } from './serve/replica.ts';
import { readStartConfig } from './serve/start-config.ts';
import { lockState } from './serve/state-lock.ts';
import { createView } from './serve/view.ts';
import { loadRegistry } from './xds/proto/registry.ts';
import { TYPE_URL } from './xds/type-urls.ts';

export { loadSettings };

export interface ServeOptions {
  /** muster's own version. */
  readonly version: string;
  /** Where log lines go; standard output by default. */
  readonly log?: DestinationStream | undefined;
}

export interface RunningReplica {
  readonly xdsAddress: string;
  readonly apiAddress: string;
  close(): Promise<void>;
}

/** Second net: what never should be in a log line is cut out of it. */
const REDACTED_FIELDS = ['*.privateKey', '*.value', '*.token', '*.authorization'];

/**
 * Starts one replica: reads the config and the last good state, opens the ports, then builds. Node
 * port and API answer before the first build; nodes are held until there is something to serve.
 * Throws MusterError where it cannot start at all; everything opened until then is closed.
 */
export async function serve(settings: Settings, { version, log }: ServeOptions): Promise<RunningReplica> {
  const started = Date.now();
  const unlock = settings.state === undefined ? undefined : await lockState(settings.state);
  const logger = createLogger(settings, log);
  if (settings.seal?.warning !== undefined) logger.warn(settings.seal.warning);
  const proto = loadRegistry();
  const access = await openNodeAccess(settings, logger).catch(async (error: unknown) => {
    await unlock?.();
    throw error;
  });
  const replica = new Replica({
    configPath: settings.config,
    stateDir: settings.state,
    sealKey: settings.seal?.key,
    trustDomain: settings.trustDomain,
    allowPlaintext: settings.allowPlaintext,
    access,
    proto,
    logger,
  });
  const view = createView(replica, { version, started, proto });
  const token = await readToken(settings.apiTokenFile);
  const api = await createApi({
    view,
    actions: createActions(replica),
    relabelRules,
    metrics: replica.metrics.registry,
    typeUrls: TYPE_URL,
    logger,
    version,
    token,
  });
  const close = async (): Promise<void> => {
    await api.close();
    await replica.close();
    await access.close();
    await unlock?.();
  };
  try {
    const stored = await replica.state.load();
    const start = await readStartConfig(settings.config, VOCABULARY, stored.config);
    replica.adopt(start, stored, await replica.sealed.load(start.config.secrets.values(), Date.now()));
    const xds = await listen('xds', settings.xds, ({ host, port }) =>
      replica.server.listen(host, port, access.tls),
    );
    access.follow(replica.server);
    const apiUrl = await listen('api', settings.api, (address) => api.listen(address));
    await replica.start();
    const xdsAddress = `${xds.address}:${xds.port}`;
    logger.info({ xds: xdsAddress, api: apiUrl, config: settings.config }, 'muster serves');
    return { xdsAddress, apiAddress: apiUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function createLogger({ logLevel }: Settings, log: DestinationStream | undefined): Logger {
  const options = { level: logLevel, redact: { paths: REDACTED_FIELDS, censor: '[redacted]' } };
  return log === undefined ? pino(options) : pino(options, log);
}

async function listen<Opened>(
  name: 'xds' | 'api',
  address: Settings['xds'],
  open: (address: Settings['xds']) => Promise<Opened>,
): Promise<Opened> {
  try {
    return await open(address);
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause) || cause.code !== 'EADDRINUSE') throw cause;
    const place = `${address.host}:${address.port}`;
    const text = `${place} is in use: another muster, or another program, listens there; end it or give --${name} another address`;
    throw new MusterError('port_in_use', text, { cause });
  }
}

async function readToken(path: string | undefined): Promise<SecretBytes | undefined> {
  if (path === undefined) return undefined;
  const token = (await readSetting('apiTokenFile', path)).toString('utf8').trim();
  if (token.length < 16) {
    throw new MusterError(
      'settings_invalid',
      `apiTokenFile ${path}: the token is shorter than 16 characters`,
    );
  }
  return SecretBytes.fromUtf8(token);
}

async function readSetting(name: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new MusterError('settings_invalid', `${name}: ${errorText(cause)}`, { cause });
  }
}
