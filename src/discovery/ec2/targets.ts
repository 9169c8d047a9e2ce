import type { ListingRequest, View } from './protocol.ts';
import { type AccountOptions, accountName, type Ec2SourceOptions } from './schema.ts';

/** One account in one region: one scope, read by one loop. */
export interface Target {
  /** `123456789012/eu-west-1`. */
  readonly scope: string;
  readonly listing: ListingRequest;
}

export function targetsOf(options: Ec2SourceOptions): readonly Target[] {
  return options.accounts.flatMap((account) =>
    options.regions.map((region) => {
      const listing = listingOf(options, account, region);
      return { scope: `${listing.account}/${region}`, listing };
    }),
  );
}

export function viewOf({ address, port, ports }: Ec2SourceOptions): View {
  return { address, ports: port === undefined ? (ports ?? {}) : { '': port } };
}

function listingOf(options: Ec2SourceOptions, account: AccountOptions, region: string): ListingRequest {
  const { address, endpoint, stsEndpoint, statusChecks } = options;
  const { profile, assumeRole, keys } = account;
  const filters = Object.entries(options.filters).map(([name, values]) => ({ name, values }));
  return {
    account: accountName(account),
    region,
    credentials: { profile, assumeRole, ...(keys === undefined ? {} : { keys }) },
    filters: filters.sort((left, right) => (left.name < right.name ? -1 : 1)),
    endpoint,
    stsEndpoint,
    statusChecks,
    interfaceTag: typeof address === 'string' ? undefined : address.eni.tag,
  };
}
