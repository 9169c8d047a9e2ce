import type { AwsKeys } from '../../aws/keys.ts';
import type { Instance } from '../../model/instance.ts';
import type { AccountOptions, Ec2SourceOptions, PortOptions } from './schema.ts';

/** What one listing asks of EC2: sources that ask for the same share it. */
export interface ListingRequest {
  /** Names the account for people and for the budget of calls. */
  readonly account: string;
  readonly region: string;
  /** Of keys only the name of their secret: they themselves come with each request. */
  readonly credentials: Omit<AccountOptions, 'id'>;
  readonly filters: readonly Filter[];
  readonly endpoint: string | undefined;
  readonly stsEndpoint: string | undefined;
  readonly statusChecks: boolean;
  /** Interfaces with this tag are looked up too: DescribeInstances does not tell their tags. */
  readonly interfaceTag: { readonly key: string; readonly value?: string | undefined } | undefined;
}

export interface Filter {
  readonly name: string;
  readonly values: readonly string[];
}

/** How one source turns what was listed into instances. */
export interface View {
  readonly address: Ec2SourceOptions['address'];
  readonly ports: Readonly<Record<string, PortOptions>>;
}

/** One watch of one scope asks for what changed since `version`, the last one it has in full; 0: none. */
export interface RefreshRequest {
  readonly watch: number;
  readonly version: number;
  readonly listing: ListingRequest;
  /** What the secret that `listing.credentials.keys` names holds now. In the clear, within the process. */
  readonly keys?: AwsKeys | undefined;
  readonly view: View;
  /** A listing that another source made is good enough when it is not older. */
  readonly maxAgeMs: number;
}

/** What the main thread tells the worker. Each chunk is answered by `next`, so that neither side piles them up. */
export type ToWorker =
  | { readonly kind: 'refresh'; readonly call: number; readonly request: RefreshRequest }
  | { readonly kind: 'next'; readonly call: number }
  | { readonly kind: 'cancel'; readonly call: number }
  | { readonly kind: 'forget'; readonly watch: number };

export type FromWorker = Chunk | Done | Failed;

export interface Chunk {
  readonly kind: 'chunk';
  readonly call: number;
  readonly instances: readonly SentInstance[];
}

/** A copy that belongs to the receiver, who may put its own texts into the labels. */
export interface SentInstance extends Instance {
  readonly labels: Record<string, string>;
}

export interface Done {
  readonly kind: 'done';
  readonly call: number;
  readonly version: number;
  /** The chunks hold everything there is; else only what is new or other than before. */
  readonly full: boolean;
  readonly removed: readonly string[];
  /** Of those that are not there any more, the ones that EC2 says have ended. */
  readonly terminated: readonly string[];
}

export interface Failed {
  readonly kind: 'failed';
  readonly call: number;
  readonly message: string;
}
