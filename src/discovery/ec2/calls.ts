import type { Facts } from './facts.ts';
import type { Filter } from './protocol.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken: string | undefined;
}

/** One page of a list. */
export interface PageRequest {
  readonly filters: readonly Filter[];
  readonly nextToken: string | undefined;
  readonly signal: AbortSignal;
}

/** The few calls that are made; errors are the SDK's own. */
export interface Ec2Calls {
  instances(page: PageRequest): Promise<Page<Facts>>;
  /** Ids of the instances whose status checks match. */
  statuses(page: PageRequest): Promise<Page<string>>;
  /** Ids of network interfaces. */
  interfaces(page: PageRequest): Promise<Page<string>>;
  /** Names of the zones that this account can use, impaired ones too. */
  zones(signal: AbortSignal): Promise<readonly string[]>;
}
