import { shortArn } from './answers.ts';
import type { SecretFacts, SecretsCalls } from './calls.ts';
import { ApiFault } from './fault.ts';

/** All secrets of the account and region, by name and by ARN. */
export interface Listing {
  readonly pages: number;
  find(id: string): SecretFacts | undefined;
}

/** Reads every page, or throws. */
export async function listSecrets(calls: SecretsCalls, signal: AbortSignal): Promise<Listing> {
  const byId = new Map<string, SecretFacts>();
  const tokens = new Set<string>();
  let token: string | undefined;
  do {
    const { secrets, nextToken } = await calls.list(token, signal);
    for (const facts of secrets) for (const id of [facts.name, facts.arn]) byId.set(id, facts);
    for (const facts of secrets) {
      const short = shortArn(facts.arn);
      if (!byId.has(short)) byId.set(short, facts);
    }
    if (nextToken !== undefined && tokens.has(nextToken))
      throw new ApiFault('strange', 'its list of secrets goes round in circles');
    token = nextToken;
    if (token !== undefined) tokens.add(token);
  } while (token !== undefined);
  return { pages: tokens.size + 1, find: (id) => byId.get(id) };
}
