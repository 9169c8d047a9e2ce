import {
  BatchGetSecretValueCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { credentialsFor } from '../../aws/credentials.ts';
import type { AwsKeys } from '../../aws/keys.ts';
import { batchResultsOf, factOf, factsOf, secretValueOf } from './answers.ts';
import type { SecretsCalls } from './calls.ts';
import { ApiFault, apiFault } from './fault.ts';
import type { AwsStoreOptions } from './schema.ts';
import { untilAborted } from './until-aborted.ts';

const PAGE_SIZE = 100;
const CONNECT_MS = 5_000;
/** Until the last byte of an answer is there. */
const ANSWER_MS = 20_000;

/** A client for one set of credentials. `close` ends its connections. */
export interface OpenCalls extends SecretsCalls {
  close(): void;
}

/** This file is loaded at the first call alone: the SDK holds up the thread for about 0.1 s. */
export function openCalls(options: AwsStoreOptions, keys: AwsKeys | undefined): OpenCalls {
  const { region, endpoint } = options;
  const client = new SecretsManagerClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    // What is not in the config must not send secrets elsewhere: AWS_ENDPOINT_URL and its like.
    ignoreConfiguredEndpointUrls: true,
    credentials: credentialsFor(options, { ...options, keys }),
    retryMode: 'standard',
    maxAttempts: 1,
    requestHandler: { connectionTimeout: CONNECT_MS },
  });
  return { ...callsOf(client), close: () => client.destroy() };
}

interface AbortOptions {
  readonly abortSignal: AbortSignal;
}

/** One call. What it throws holds nothing of a request or an answer. */
async function made<Answer>(
  call: (abort: AbortOptions) => Promise<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  const deadline = AbortSignal.timeout(ANSWER_MS);
  const abortSignal = AbortSignal.any([signal, deadline]);
  try {
    // The SDK itself does not hear of an abort while it waits for credentials.
    return await untilAborted(call({ abortSignal }), abortSignal);
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted) throw new ApiFault('network', `no answer within ${ANSWER_MS / 1000} s`);
    throw apiFault(error);
  }
}

function callsOf(client: SecretsManagerClient): SecretsCalls {
  return {
    list: (nextToken, signal) =>
      made(async (abort) => {
        const input = { MaxResults: PAGE_SIZE, IncludePlannedDeletion: true, NextToken: nextToken };
        const answer = await client.send(new ListSecretsCommand(input), abort);
        return {
          secrets: factsOf(answer),
          nextToken: answer.NextToken === '' ? undefined : answer.NextToken,
        };
      }, signal),
    describe: (id, signal) =>
      made(
        async (abort) => factOf(await client.send(new DescribeSecretCommand({ SecretId: id }), abort)),
        signal,
      ),
    value: (id, stage, signal) =>
      made(async (abort) => {
        const command = new GetSecretValueCommand({ SecretId: id, VersionStage: stage });
        return secretValueOf(await client.send(command, abort));
      }, signal),
    batch: (ids, signal) =>
      made(async (abort) => {
        const command = new BatchGetSecretValueCommand({ SecretIdList: [...ids] });
        return batchResultsOf(ids, await client.send(command, abort));
      }, signal),
  };
}
