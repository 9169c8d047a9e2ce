import type { Endpoint, Locality } from './instance.ts';
import type { Origin } from './origin.ts';
import type { HttpRoute } from './route.ts';

/**
 * The user's config after parsing: defaults filled in, durations in milliseconds, references
 * checked. Immutable; every resource carries its name and its origin.
 */
export interface Config {
  readonly sources: ReadonlyMap<string, SourceConfig>;
  readonly secretStores: ReadonlyMap<string, SecretStoreConfig>;
  readonly secrets: ReadonlyMap<string, SecretConfig>;
  readonly services: ReadonlyMap<string, Service>;
  readonly listeners: ReadonlyMap<string, Listener>;
  readonly httpRoutes: ReadonlyMap<string, HttpRoute>;
  readonly groups: ReadonlyMap<string, Group>;
  /** Content hash (hex) of the normalised config: equal configs have equal hashes, whatever their files. */
  readonly hash: string;
}

interface Named {
  readonly name: string;
  readonly origin: Origin;
}

/** `{ file: {...} }`: the one key is the adapter's name, its value passed the adapter's schema. */
export interface SourceConfig extends Named {
  readonly kind: string;
  readonly options: unknown;
  /** Run in order over the labels of every instance; empty: nothing is changed. */
  readonly relabel: readonly RelabelRule[];
  /** Address ranges that are refused elsewhere and meant here. */
  readonly allowAddresses: readonly AddressRange[];
  /** Beyond this age what a scope said last is served DEGRADED; undefined: without limit. Milliseconds. */
  readonly maxAgeMs?: number | undefined;
}

export type AddressRange = 'loopback' | 'linkLocal' | 'metadata';

export type RelabelAction =
  | 'replace'
  | 'keep'
  | 'drop'
  | 'keepequal'
  | 'dropequal'
  | 'hashmod'
  | 'labelmap'
  | 'labeldrop'
  | 'labelkeep'
  | 'lowercase'
  | 'uppercase';

/** Prometheus' relabelling rule with its defaults filled in. */
export interface RelabelRule {
  readonly action: RelabelAction;
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  /** RE2, over the whole text. */
  readonly regex: string;
  readonly targetLabel: string;
  readonly replacement: string;
  /** Of `hashmod`; 0 elsewhere. */
  readonly modulus: number;
}

export interface SecretStoreConfig extends Named {
  readonly kind: string;
  readonly options: unknown;
}

/** Of `secrets`: a pair; authorities; keys that encrypt TLS session tickets; other bytes. */
export const SECRET_KINDS = ['tls', 'ca', 'sessionTicketKeys', 'value'] as const;
export type SecretKind = (typeof SECRET_KINDS)[number];

/** Where a secret is read: never its value. */
export interface SecretConfig extends Named {
  readonly kind: SecretKind;
  /** A name in `secretStores`, or `file` for the store that is always there. */
  readonly store: string;
  /** The store's own reference (paths, mount, fields), passed through the store's schema. */
  readonly ref: unknown;
}

/** `where`: label to condition; all must hold. */
export type LabelCondition =
  | { readonly equals: string }
  | { readonly oneOf: readonly string[] }
  | { readonly not: LabelCondition }
  | { readonly exists: boolean }
  | { readonly matches: string };

export interface ServiceFrom {
  readonly source: string;
  /** The source's own name of the service (a Consul service, a file's `service`). */
  readonly service?: string | undefined;
  readonly where: ReadonlyMap<string, LabelCondition>;
  readonly port: PortChoice;
  readonly priority: number;
  /** In place of the source's own weight. */
  readonly weight?: WeightChoice | undefined;
  /** In place of what the source says of these parts. */
  readonly locality?: Partial<Locality> | undefined;
}

export type WeightChoice =
  | { readonly kind: 'constant'; readonly weight: number }
  | { readonly kind: 'label'; readonly label: string; readonly fallback?: number | undefined };

export type PortChoice =
  | { readonly kind: 'default' }
  | { readonly kind: 'constant'; readonly port: number }
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'label'; readonly label: string; readonly fallback?: number | undefined };

export type LoadBalancing =
  | { readonly policy: 'roundRobin' }
  | { readonly policy: 'leastRequest'; readonly choices: number };

/** Endpoints in the first place listed are used first, then those in the next; all others come last. */
export interface Failover {
  readonly by: 'zone' | 'region';
  readonly order: readonly string[];
}

/** What is absent fits every locality. */
export interface LocalityWeight extends Partial<Locality> {
  readonly weight: number;
}

export interface Subsets {
  /** Metadata keys by whose values endpoints are divided: each a list, sorted, each once. */
  readonly keys: readonly (readonly string[])[];
  /** Where a request goes whose subset has no endpoint, or that asks for none. */
  readonly fallback: 'any' | 'none' | { readonly default: ReadonlyMap<string, string> };
}

export interface Service extends Named {
  readonly from: readonly ServiceFrom[];
  /** Endpoints written in the config itself. */
  readonly endpoints: readonly Endpoint[];
  /** Names that the proxy itself resolves, and addresses beside them: then `from` and `endpoints` are empty. */
  readonly hosts?: readonly Endpoint[] | undefined;
  /** Divides each priority by where the endpoints stand. */
  readonly failover?: Failover | undefined;
  /** The first that fits a locality gives its weight, 1 where none does; absent: endpoints share by their own weights alone. */
  readonly localityWeights?: readonly LocalityWeight[] | undefined;
  /** Metadata key to labels: the first of them that an instance has. */
  readonly metadata?: ReadonlyMap<string, readonly string[]> | undefined;
  readonly subsets?: Subsets | undefined;
  /** The service template that made it. */
  readonly template?: string | undefined;
  readonly loadBalancing: LoadBalancing;
  readonly connectTimeoutMs: number;
  /** What the upstream speaks. */
  readonly protocol: 'http1' | 'http2';
}

export interface ListenerCertificate {
  /** A name in `secrets`, of kind `tls`. */
  readonly secret: string;
  /** SNI names it serves, exact or `*.example.com`; empty: the default certificate. */
  readonly hostnames: readonly string[];
}

export type TlsVersion = '1.2' | '1.3';

export interface ListenerTls {
  readonly certificates: readonly ListenerCertificate[];
  /** A name in `secrets`, of that kind; absent: each proxy makes its own keys. */
  readonly sessionTicketKeys?: { readonly secret: string } | undefined;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  readonly alpn: readonly string[];
}

export interface Listener extends Named {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'HTTP' | 'HTTPS';
  /** Present exactly when the protocol is HTTPS. */
  readonly tls?: ListenerTls | undefined;
  /** On an HTTP listener: answer every request with a redirect to https. */
  readonly redirectToHttps?:
    | { readonly port: number; readonly statusCode: 301 | 302 | 307 | 308 }
    | undefined;
}

/** All that are given must hold; a missing key does not narrow. */
export interface GroupMatch {
  readonly id?: string | undefined;
  readonly cluster?: string | undefined;
  readonly locality?:
    | {
        readonly region?: string | undefined;
        readonly zone?: string | undefined;
        readonly subZone?: string | undefined;
      }
    | undefined;
  /** Dotted path into the node's metadata -> the string it must equal. */
  readonly metadata: ReadonlyMap<string, string>;
}

export interface Group extends Named {
  readonly match: GroupMatch;
  readonly listeners: readonly string[];
  /** Exact URI SANs that may join, besides `spiffe://<trust domain>/group/<group>/node/<id>`. */
  readonly identities: readonly string[];
  /** Going from some listeners to none is refused unless this is true. */
  readonly allowEmpty: boolean;
}
