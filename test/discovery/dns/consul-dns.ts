import { startConsul } from '../../parts/consul.ts';

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
  const config = { dns_config: { enable_truncate: true, service_ttl: { '*': '7s' } } };
  const consul = await startConsul({ config });
  return {
    address: `127.0.0.1:${consul.ports.dns}`,
    register: (node, { address, port, passing = 1, healthy = true }) =>
      consul.register({
        ...{ service: 'web', node, nodeAddress: address, port },
        weights: { Passing: passing, Warning: 1 },
        status: healthy ? 'passing' : 'critical',
      }),
    deregister: (node) => consul.deregister(node),
    stop: consul.stop,
  };
}
