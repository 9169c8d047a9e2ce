import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePart } from '../../../scripts/parts.mjs';
import { freePort } from '../../parts/ports.ts';
import { collectLog, endChild, endWithUs, hasExited, tail } from '../../parts/process.ts';
import { until } from '../../parts/until.ts';

export interface ConsulDns {
  /** For `nameservers`. */
  readonly address: string;
  register(
    node: string,
    service: { address: string; port: number; passing?: number; healthy?: boolean },
  ): Promise<void>;
  deregister(node: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A real Consul (dev agent) for its DNS interface; `web` is the one service, its records live 7 s.
 * Without `enable_truncate` it gives three records of many over UDP and does not say that there are more.
 */
export async function startConsulDns(): Promise<ConsulDns> {
  const binary = await ensurePart('consul');
  const folder = await mkdtemp(join(tmpdir(), 'muster-consul-'));
  const [dns, http, server, serfLan, serfWan] = await Promise.all(Array.from({ length: 5 }, freePort));
  const ports = {
    dns,
    http,
    server,
    serf_lan: serfLan,
    serf_wan: serfWan,
    https: -1,
    grpc: -1,
    grpc_tls: -1,
  };
  const config = {
    ports,
    dns_config: { enable_truncate: true, service_ttl: { '*': '7s' } },
    disable_update_check: true,
  };
  await writeFile(join(folder, 'consul.json'), JSON.stringify(config));
  const child = spawn(
    binary,
    ['agent', '-dev', '-bind', '127.0.0.1', '-config-file', join(folder, 'consul.json')],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  endWithUs(child);
  const log = collectLog(child);
  const stop = async (): Promise<void> => {
    await endChild(child);
    await rm(folder, { recursive: true, force: true });
  };
  const put = async (path: string, body: object): Promise<void> => {
    const response = await fetch(`http://127.0.0.1:${http}/v1/catalog/${path}`, {
      method: 'PUT',
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`Consul answers ${response.status}: ${await response.text()}`);
  };
  const hopeless = (): Error | undefined =>
    hasExited(child) ? new Error(`Consul ended; its log ends with\n${tail(log())}`) : undefined;
  const leader = async (): Promise<boolean> => {
    const response = await fetch(`http://127.0.0.1:${http}/v1/status/leader`);
    return (await response.text()).length > 4;
  };
  try {
    await until('Consul to have a leader', leader, { timeoutMs: 30_000, hopeless });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    address: `127.0.0.1:${dns}`,
    register: (node, { address, port, passing = 1, healthy = true }) =>
      put('register', {
        Node: node,
        Address: address,
        Service: { Service: 'web', Port: port, Weights: { Passing: passing, Warning: 1 } },
        Check: { Name: 'alive', Status: healthy ? 'passing' : 'critical', ServiceID: 'web' },
      }),
    deregister: (node) => put('deregister', { Node: node }),
    stop,
  };
}
