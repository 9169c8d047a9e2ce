import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';

export const CREDENTIALS = { accessKeyId: 'AKIAMUSTERTEST', secretAccessKey: 'muster-test-secret' } as const;

type Value = string | Uint8Array | Readonly<Record<string, unknown>>;

/** What an operator does in Secrets Manager. */
export interface SecretsWorld {
  readonly client: SecretsManagerClient;
  /** Answers the id of the version; an object is written as JSON. */
  create(name: string, value: Value): Promise<string>;
  /** A new version under AWSCURRENT, or under other labels. */
  put(name: string, value: Value, stages?: readonly string[]): Promise<string>;
  /** Moves a label from one version to another. */
  label(name: string, stage: string, from: string, to: string): Promise<void>;
  remove(name: string, how?: { readonly atOnce: boolean }): Promise<void>;
  restore(name: string): Promise<void>;
  arnOf(name: string): Promise<string>;
  close(): void;
}

export interface WorldOptions {
  readonly region?: string;
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

export function secretsWorld(
  endpoint: string,
  { region = 'eu-west-1', credentials = CREDENTIALS }: WorldOptions = {},
): SecretsWorld {
  const client = new SecretsManagerClient({
    endpoint,
    region,
    credentials,
    // A kept connection would look like one that a store left open.
    requestHandler: { httpAgent: { keepAlive: false } },
  });
  return {
    client,
    async create(name, value) {
      return (await client.send(new CreateSecretCommand({ Name: name, ...held(value) }))).VersionId ?? '';
    },
    async put(name, value, stages = ['AWSCURRENT']) {
      const input = { SecretId: name, ...held(value), VersionStages: [...stages] };
      return (await client.send(new PutSecretValueCommand(input))).VersionId ?? '';
    },
    async label(name, stage, from, to) {
      const input = { SecretId: name, VersionStage: stage, RemoveFromVersionId: from, MoveToVersionId: to };
      await client.send(new UpdateSecretVersionStageCommand(input));
    },
    async remove(name, { atOnce } = { atOnce: false }) {
      const how = atOnce ? { ForceDeleteWithoutRecovery: true } : { RecoveryWindowInDays: 7 };
      await client.send(new DeleteSecretCommand({ SecretId: name, ...how }));
    },
    async restore(name) {
      await client.send(new RestoreSecretCommand({ SecretId: name }));
    },
    async arnOf(name) {
      return (await client.send(new DescribeSecretCommand({ SecretId: name }))).ARN ?? '';
    },
    close: () => client.destroy(),
  };
}

function held(value: Value): { SecretBinary: Uint8Array } | { SecretString: string } {
  if (value instanceof Uint8Array) return { SecretBinary: value };
  return { SecretString: typeof value === 'string' ? value : JSON.stringify(value) };
}
