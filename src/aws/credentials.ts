import { fromIni, fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { AwsAccess } from './schema.ts';

/**
 * Instance metadata is asked by version 2 alone: version 1 answers anyone who can make this host
 * send a request. The files are read anew for each client, as keys in them are rotated.
 */
const OURS = { ec2MetadataV1Disabled: true, ignoreCache: true, timeout: 2_000, maxRetries: 1 } as const;

/** Where STS is asked for an assumed role. */
export interface AwsPlace {
  readonly region: string;
  readonly stsEndpoint?: string | undefined;
}

/** The default chain, or a profile; with them a role is assumed if one is asked for. */
export function credentialsFor({ profile, assumeRole }: AwsAccess, { region, stsEndpoint }: AwsPlace) {
  // The chain would go on to other credentials when the profile is missing.
  const base = profile === undefined ? fromNodeProviderChain({ ...OURS }) : fromIni({ ...OURS, profile });
  if (assumeRole === undefined) return base;
  const { roleArn, externalId, sessionName } = assumeRole;
  return fromTemporaryCredentials({
    masterCredentials: base,
    params: {
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      ...(externalId === undefined ? {} : { ExternalId: externalId }),
    },
    clientConfig: { region, ...(stsEndpoint === undefined ? {} : { endpoint: stsEndpoint }) },
  });
}
