import {
  BatchGetSecretValueCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Budget } from '../../aws/budget.ts';
import { credentialsFor } from '../../aws/credentials.ts';
import { faultKind } from '../../aws/fault.ts';
import type { AwsKeys } from '../../aws/keys.ts';
import { batchResultsOf, factOf, factsOf, secretValueOf } from './answers.ts';
import type { SecretsCalls } from './calls.ts';
import { ApiFault, apiFault } from './fault.ts';
import type { AwsStoreOptions } from './schema.ts';

const PAGE_SIZE = 100;
const CONNECT_MS = 5_000;
/** From the turn of a call to the last byte of its answer. */
const ANSWER_MS = 20_000;

/** A client for one set of credentials. `close` ends its connections. */
export interface OpenCalls extends SecretsCalls {
  close(): void;
}

export interface ClientNeeds {
  readonly keys: AwsKeys | undefined;
  readonly budget: Budget;
}

/** This file is loaded at the first call alone: the SDK holds up the thread for about 0.1 s. */
export function openCalls(options: AwsStoreOptions, { keys, budget }: ClientNeeds): OpenCalls {
  const { region, endpoint } = options;
  const client = new SecretsManagerClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    // What is not in the config must not send secrets elsewhere: AWS_ENDPOINT_URL and its like.
    ignoreConfiguredEndpointUrls: true,
    credentials: credentialsFor(options, { ...options, keys }),
    retryMode: 'standard',
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
    },
  });
  return { ...callsOf(client, (call, signal) => spend(budget, call, signal)), close: () => client.destroy() };
}

type Spend = <Answer>(call: (abort: AbortOptions) => Promise<Answer>, signal: AbortSignal) => Promise<Answer>;

interface AbortOptions {
  readonly abortSignal: AbortSignal;
}

/** One call in its turn. What it throws holds nothing of a request or an answer. */
async function spend<Answer>(
  budget: Budget,
  call: (abort: AbortOptions) => Promise<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  await budget.take(signal);
  const deadline = AbortSignal.timeout(ANSWER_MS);
  try {
    const answer = await call({ abortSignal: AbortSignal.any([signal, deadline]) });
    budget.answered();
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted) throw new ApiFault('network', `no answer within ${ANSWER_MS / 1000} s`);
    if (faultKind(error) === 'throttled') budget.throttled();
    throw apiFault(error);
  }
}

function callsOf(client: SecretsManagerClient, spent: Spend): SecretsCalls {
  return {
    list: (nextToken, signal) =>
      spent(async (abort) => {
        const input = { MaxResults: PAGE_SIZE, IncludePlannedDeletion: true, NextToken: nextToken };
        const answer = await client.send(new ListSecretsCommand(input), abort);
        return {
          secrets: factsOf(answer),
          nextToken: answer.NextToken === '' ? undefined : answer.NextToken,
        };
      }, signal),
    describe: (id, signal) =>
      spent(
        async (abort) => factOf(await client.send(new DescribeSecretCommand({ SecretId: id }), abort)),
        signal,
      ),
    value: (id, stage, signal) =>
      spent(async (abort) => {
        const command = new GetSecretValueCommand({ SecretId: id, VersionStage: stage });
        return secretValueOf(await client.send(command, abort));
      }, signal),
    batch: (ids, signal) =>
      spent(async (abort) => {
        const command = new BatchGetSecretValueCommand({ SecretIdList: [...ids] });
        return batchResultsOf(ids, await client.send(command, abort));
      }, signal),
  };
}
