import { onTestFinished } from 'vitest';
import { envoyBootstrap } from '../../src/cli/envoy/bootstrap.ts';
import type { MutualTls } from '../../src/cli/envoy/mutual-tls.ts';
import { type Envoy, startEnvoy } from '../parts/envoy.ts';
import { type Answer, requestOnce } from '../parts/requests.ts';
import { until } from '../parts/until.ts';

export type Variant = 'delta' | 'sotw';

export interface ProxyOptions {
  /** Ports of the replicas on loopback. */
  readonly xds: readonly number[];
  readonly id?: string;
  readonly group?: string;
  readonly variant?: Variant;
  readonly tls?: MutualTls;
}

/** A real Envoy started with what `muster bootstrap` writes; SotW differs in one word. It ends with the test. */
export async function startProxy({
  xds,
  id = 'n1',
  group = 'edge',
  variant = 'delta',
  tls,
}: ProxyOptions): Promise<Envoy> {
  const written = envoyBootstrap({
    id,
    cluster: group,
    locality: {},
    xds: xds.map((port) => ({ host: '127.0.0.1', port })),
    admin: { host: '127.0.0.1', port: 0 },
    tls,
    maxConnections: 1000,
  });
  const text = JSON.stringify(written);
  const bootstrap: object = JSON.parse(variant === 'delta' ? text : text.replace('"DELTA_GRPC"', '"GRPC"'));
  const envoy = await startEnvoy({ bootstrap });
  onTestFinished(() => envoy.stop());
  return envoy;
}

/** The addresses that Envoy has for a cluster; undefined: it has no such cluster. */
export async function hostsOf(envoy: Envoy, cluster: string): Promise<readonly string[] | undefined> {
  const read: { cluster_statuses?: ClusterStatus[] } = JSON.parse(
    await envoy.admin.get('/clusters?format=json'),
  );
  const found = read.cluster_statuses?.find(({ name }) => name === cluster);
  return (
    found?.host_statuses
      ?.map(({ address: { socket_address: at } }) => `${at.address}:${at.port_value}`)
      .toSorted() ?? (found === undefined ? undefined : [])
  );
}

/** The same with the health that EDS gave each: `127.0.0.1:80 HEALTHY`. Sorted. */
export async function healthsOf(envoy: Envoy, cluster: string): Promise<readonly string[]> {
  const read: { cluster_statuses?: ClusterStatus[] } = JSON.parse(
    await envoy.admin.get('/clusters?format=json'),
  );
  const hosts = read.cluster_statuses?.find(({ name }) => name === cluster)?.host_statuses ?? [];
  return hosts
    .map(({ address: { socket_address: at }, health_status: health }) => {
      return `${at.address}:${at.port_value} ${health?.eds_health_status ?? ''}`;
    })
    .toSorted();
}

interface ClusterStatus {
  readonly name: string;
  readonly host_statuses?: readonly {
    readonly address: { readonly socket_address: { readonly address: string; readonly port_value: number } };
    readonly health_status?: { readonly eds_health_status?: string };
  }[];
}

/** Waits until a request through the proxy is answered as wanted. */
export function untilAnswered(
  url: string,
  good: (answer: Answer) => boolean,
  timeoutMs = 10_000,
): Promise<Answer> {
  return until(
    `the wanted answer from ${url}`,
    async () => {
      const answer = await requestOnce({ url });
      return good(answer) ? answer : undefined;
    },
    { timeoutMs },
  );
}

/** The name of the echo upstream that answered. */
export function nameIn({ status, body }: Answer): string {
  if (status !== 200) return `status ${status}`;
  const { name }: { name: string } = JSON.parse(body);
  return name;
}
