import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePart } from '../../scripts/parts.mjs';
import { errorText } from '../../src/errors.ts';
import { makeCa, makeCertificate } from '../secrets/certificates.ts';
import { type ConsulApi, consulApi } from './consul-api.ts';
import { freePort } from './ports.ts';
import { collectLog, endChild, endWithUs, hasExited, tail } from './process.ts';
import { until } from './until.ts';

export interface ConsulOptions {
  /** HTTPS too, with a certificate for 127.0.0.1 and server.dc1.consul. */
  readonly tls?: boolean;
  /** Deny by default; `token` is the management token then. */
  readonly acl?: boolean;
  /** Keeps its data over a restart; a dev agent comes back empty, with its indexes at the beginning. */
  readonly durable?: boolean;
  /** More of its config file. */
  readonly config?: object;
}

export interface ConsulPorts {
  readonly http: number;
  /** -1: none. */
  readonly https: number;
  readonly dns: number;
  readonly server: number;
  readonly serf_lan: number;
  readonly serf_wan: number;
}

/** A running Consul on free ports of 127.0.0.1. Whoever starts one stops it. */
export interface Consul extends ConsulApi {
  readonly ports: ConsulPorts;
  /** http://127.0.0.1:... */
  readonly http: string;
  /** https://127.0.0.1:..., empty without `tls`. */
  readonly https: string;
  /** PEM file of the authority behind its certificate, empty without `tls`. */
  readonly ca: string;
  /** Of the management token; empty without `acl`. */
  readonly token: string;
  /** Resolves when the process is gone: by SIGKILL with `hard`. */
  end(how?: 'hard'): Promise<void>;
  /** On the same ports; resolves when there is a leader, or at once when it is not waited for. */
  begin(options?: { readonly leader?: boolean }): Promise<void>;
  /** `end`, and nothing is left on disk. */
  stop(): Promise<void>;
  log(): string;
}

const MANAGEMENT_TOKEN = '11111111-2222-3333-4444-555555555555';

/** One server. Starts a dev agent, or with `durable` one with a folder of its own. */
export async function startConsul(options: ConsulOptions = {}): Promise<Consul> {
  const consul = await prepareConsul(options, async () => ({}));
  try {
    await consul.begin();
  } catch (error) {
    await consul.stop();
    throw error;
  }
  return consul;
}

/** `count` servers that elect a leader; all of one datacenter. */
export async function startConsulServers(count: number): Promise<readonly Consul[]> {
  const servers: Consul[] = [];
  const others = async (): Promise<object> => ({
    bootstrap_expect: count,
    retry_join: servers.map(({ ports }) => `127.0.0.1:${ports.serf_lan}`),
    retry_interval: '1s',
  });
  for (let n = 0; n < count; n += 1) {
    const config = { node_name: `server-${n}` };
    servers.push(await prepareConsul({ durable: true, config }, others));
  }
  try {
    await Promise.all(servers.map((server) => server.begin()));
  } catch (error) {
    await Promise.all(servers.map((server) => server.stop()));
    throw error;
  }
  return servers;
}

/** The server that leads, as the others see it. */
export async function leaderOf(servers: readonly Consul[]): Promise<Consul> {
  return until('a leader among the servers', async () => {
    for (const server of servers) {
      const address = await server.leader().catch(() => '');
      const leader = servers.find(({ ports }) => address === `127.0.0.1:${ports.server}`);
      if (leader !== undefined) return leader;
    }
    return undefined;
  });
}

/** `late` is asked at each beginning: what is only known once all are prepared. */
async function prepareConsul(options: ConsulOptions, late: () => Promise<object>): Promise<Consul> {
  const binary = await ensurePart('consul');
  const folder = await mkdtemp(join(tmpdir(), 'muster-consul-'));
  const ports = await freePorts(options);
  const tls = options.tls === true ? await writeTls(folder) : {};
  const file = join(folder, 'consul.json');
  const token = options.acl === true ? MANAGEMENT_TOKEN : '';
  const http = `http://127.0.0.1:${ports.http}`;
  const api = consulApi(http, token);
  let running: Running | undefined;
  const end = async (how?: 'hard'): Promise<void> => {
    await running?.end(how);
    running = undefined;
  };
  const begin = async ({ leader = true } = {}): Promise<void> => {
    const config = { ...fileFor(options, ports, folder), ...tls, ...(await late()) };
    await writeFile(file, JSON.stringify(config));
    running = run(binary, [...(options.durable === true ? [] : ['-dev']), '-config-file', file]);
    if (leader) await running.until('Consul to have a leader', () => isReady(api, token));
    else await running.until('Consul to answer', async () => (await api.leader()) !== undefined);
  };
  return {
    ...api,
    ...{ ports, http, token, end, begin },
    https: options.tls === true ? `https://127.0.0.1:${ports.https}` : '',
    ca: options.tls === true ? join(folder, 'ca.pem') : '',
    stop: async () => {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
    log: () => running?.log() ?? '',
  };
}

/** A token that replication or the bootstrap has not brought yet is refused for a moment. */
async function isReady(api: ConsulApi, token: string): Promise<boolean> {
  if ((await api.leader()) === '') return false;
  await api.get('/v1/catalog/nodes?consistent');
  if (token !== '') await api.get('/v1/acl/token/self');
  return true;
}

async function freePorts({ tls }: ConsulOptions): Promise<ConsulPorts> {
  const [http = 0, https = 0, dns = 0, server = 0, lan = 0, wan = 0] = await Promise.all(
    Array.from({ length: 6 }, freePort),
  );
  return { http, https: tls === true ? https : -1, dns, server, serf_lan: lan, serf_wan: wan };
}

function fileFor({ acl, durable, config }: ConsulOptions, ports: ConsulPorts, folder: string): object {
  return {
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    ports: { ...ports, grpc: -1, grpc_tls: -1 },
    disable_update_check: true,
    performance: { raft_multiplier: 1 },
    ...(durable === true ? { server: true, bootstrap_expect: 1, data_dir: join(folder, 'data') } : {}),
    ...(acl === true
      ? {
          acl: {
            enabled: true,
            default_policy: 'deny',
            tokens: { initial_management: MANAGEMENT_TOKEN, agent: MANAGEMENT_TOKEN },
          },
        }
      : {}),
    ...config,
  };
}

async function writeTls(folder: string): Promise<object> {
  await mkdir(folder, { recursive: true });
  const ca = await makeCa();
  const names = ['server.dc1.consul', 'localhost'];
  const made = await makeCertificate({ issuer: ca, names, ips: ['127.0.0.1'] });
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  return {
    tls: {
      https: {
        ca_file: await write('ca.pem', ca.certificate),
        cert_file: await write('server.pem', made.chain),
        key_file: await write('server.key', made.privateKey),
        verify_incoming: false,
      },
    },
  };
}

interface Running {
  end(how?: 'hard'): Promise<void>;
  until(what: string, probe: () => Promise<boolean>): Promise<void>;
  log(): string;
}

function run(binary: string, options: readonly string[]): Running {
  const child = spawn(binary, ['agent', ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  endWithUs(child);
  const log = collectLog(child);
  const hopeless = (): Error | undefined =>
    hasExited(child) ? new Error(`Consul ended (${child.exitCode ?? child.signalCode})`) : undefined;
  return {
    log,
    end: (how) => endChild(child, how === 'hard' ? 0 : 5_000),
    until: async (what, probe) => {
      await until(what, probe, { timeoutMs: 30_000, everyMs: 50, hopeless }).catch((error: unknown) => {
        throw new Error(`${errorText(error)}; its log ends with\n${tail(log())}`, { cause: error });
      });
    },
  };
}
