import type { Consul } from '../../parts/consul.ts';
import type { Envoy } from '../../parts/envoy.ts';

export const SERVICES = 1_000;
export const INSTANCES = 20;
/** Envoy is given these; muster follows all. */
export const ROUTED = 5;

export interface Place {
  readonly service: number;
  readonly instance: number;
}

export function addressOf({ service, instance }: Place): string {
  return `10.${service >> 8}.${service & 255}.${instance + 1}`;
}

export function register(consul: Consul, place: Place, status: 'passing' | 'critical'): Promise<void> {
  const { service, instance } = place;
  return consul.register({
    service: `s${service}`,
    id: `s${service}-${instance}`,
    node: `node-${(service * INSTANCES + instance) % 200}`,
    nodeAddress: '10.255.0.1',
    address: addressOf(place),
    status,
  });
}

/** Every instance of every service, 32 at a time. */
export async function registerAll(consul: Consul): Promise<void> {
  const places = Array.from({ length: SERVICES * INSTANCES }, (_, n) => {
    return { service: Math.floor(n / INSTANCES), instance: n % INSTANCES };
  });
  const worker = async (): Promise<void> => {
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      await register(consul, place, 'passing');
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}

/** muster's config: all services of Consul, a route to a few. */
export function configFor(address: string, ca: string, port: number): object {
  const services = Array.from({ length: SERVICES }, (_, n) => `s${n}`);
  const tls = ca === '' ? {} : { tls: { ca } };
  const routed = services.slice(0, ROUTED);
  return {
    sources: { dc: { consul: { address, ...tls } } },
    services: Object.fromEntries(services.map((name) => [name, { from: [{ source: 'dc', service: name }] }])),
    listeners: { web: { port, address: '127.0.0.1' } },
    httpRoutes: Object.fromEntries(
      routed.map((name) => {
        const matches = [{ path: { type: 'PathPrefix', value: `/${name}` } }];
        return [name, { listeners: ['web'], rules: [{ matches, backends: [{ service: name }] }] }];
      }),
    ),
    groups: { edge: { listeners: ['web'] } },
  };
}

interface Clusters {
  readonly cluster_statuses?: readonly {
    readonly name: string;
    readonly host_statuses?: readonly {
      readonly address: { readonly socket_address: { readonly address: string } };
      readonly health_status?: { readonly eds_health_status?: string };
    }[];
  }[];
}

/** What Envoy lists for one address: its health, undefined while it is not listed. */
export async function healthInEnvoy(envoy: Envoy, place: Place): Promise<string | undefined> {
  const read: Clusters = JSON.parse(await envoy.admin.get('/clusters?format=json'));
  const cluster = read.cluster_statuses?.find(({ name }) => name === `s${place.service}`);
  const host = cluster?.host_statuses?.find((one) => one.address.socket_address.address === addressOf(place));
  return host?.health_status?.eds_health_status;
}
