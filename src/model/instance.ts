/** What a source knows of the health of an address, in Envoy's words. */
export type Health = 'HEALTHY' | 'DEGRADED' | 'UNHEALTHY' | 'DRAINING';

export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
}

/** One address as a source saw it. Values are plain and never change. */
export interface Instance {
  /** The source's own stable id: `i-0abc`, `node1/web-1`, or the address. */
  readonly id: string;
  /** IPv4 or IPv6, without a port; empty where the source knows of none: then it is never served. */
  readonly address: string;
  /** Port by name; the unnamed port is `''`. 1-65535. */
  readonly ports: Readonly<Record<string, number>>;
  readonly locality: Locality;
  readonly health: Health;
  /** Load-balancing weight, 1-128 (Envoy's own bound is 1 or more). */
  readonly weight?: number | undefined;
  /** Every fact the source knows, with the adapter's prefix: `ec2.tag.app`. */
  readonly labels: Readonly<Record<string, string>>;
}

/** One endpoint of one service: an instance after selection, with its port and its priority. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly locality: Locality;
  readonly health: Health;
  readonly weight?: number | undefined;
  /** 0 is used first. */
  readonly priority: number;
  /** What the service chose of the labels: sorted by key, each key once, never empty. */
  readonly metadata?: EndpointMetadata | undefined;
}

export type EndpointMetadata = readonly (readonly [key: string, value: string])[];

export const NO_LOCALITY: Locality = { region: '', zone: '', subZone: '' };
