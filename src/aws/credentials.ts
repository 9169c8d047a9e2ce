import { fromIni, fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { AwsKeys } from './keys.ts';
import type { AwsAccess } from './schema.ts';

/**
 * Instance metadata is asked by version 2 alone: version 1 answers anyone who can make this host
 * send a request. The files are read anew for each client, as keys in them are rotated.
 */
const OURS = { ec2MetadataV1Disabled: true, ignoreCache: true, timeout: 2_000, maxRetries: 1 } as const;

/** Else a call that STS never answers would hold up all that come after it. */
const STS_TIMES = { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true } as const;

/** Where STS is asked for an assumed role. */
export interface AwsPlace {
  readonly region: string;
  readonly stsEndpoint?: string | undefined;
  /** Used in place of the default chain. */
  readonly keys?: AwsKeys | undefined;
}

/** Keys, a profile, or the default chain; with them a role is assumed if one is asked for. */
export function credentialsFor({ profile, assumeRole }: AwsAccess, place: AwsPlace) {
  const { region, stsEndpoint } = place;
  const base = baseOf(profile, place.keys);
  if (assumeRole === undefined) return base;
  const { roleArn, externalId, sessionName } = assumeRole;
  return fromTemporaryCredentials({
    masterCredentials: base,
    params: {
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      ...(externalId === undefined ? {} : { ExternalId: externalId }),
    },
    clientConfig: {
      region,
      ...(stsEndpoint === undefined ? {} : { endpoint: stsEndpoint }),
      // A role is asked for where the config says, not where the environment does.
      ignoreConfiguredEndpointUrls: true,
      requestHandler: { ...STS_TIMES },
    },
  });
}

function baseOf(profile: string | undefined, keys: AwsKeys | undefined) {
  if (keys !== undefined) {
    const { sessionToken, ...pair } = keys;
    return async () => (sessionToken === undefined ? { ...pair } : { ...pair, sessionToken });
  }
  // The chain would go on to other credentials when the profile is missing.
  return profile === undefined ? fromNodeProviderChain({ ...OURS }) : fromIni({ ...OURS, profile });
}
