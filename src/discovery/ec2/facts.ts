import type { Locality } from '../../model/instance.ts';

/** The addresses of an instance or of one of its interfaces. */
export interface Addresses {
  readonly privateIpv4: string | undefined;
  readonly publicIpv4: string | undefined;
  readonly ipv6: string | undefined;
}

export interface Interface extends Addresses {
  readonly id: string;
  readonly index: number | undefined;
  readonly subnet: string | undefined;
  /** Has the tag that the listing asked for. */
  readonly tagged: boolean;
}

/** What is kept of one instance in EC2: a small part of what the API says. */
export interface Facts {
  readonly id: string;
  /** `running`, `stopping` ...: the API's own word. */
  readonly state: string;
  /** A status check failed. */
  readonly impaired: boolean;
  readonly locality: Locality;
  readonly labels: Readonly<Record<string, string>>;
  readonly addresses: Addresses;
  readonly interfaces: readonly Interface[];
}
