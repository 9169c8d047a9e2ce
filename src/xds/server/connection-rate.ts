import type { GrpcStatus } from './grpc-status.ts';
import type { XdsClock, XdsLimits } from './options.ts';
import type { Peer } from './peer.ts';
import { createTokenBucket, type TokenBucket } from './token-bucket.ts';

/** Identities kept apart at once; those at rest are forgotten first. */
const MAX_IDENTITIES = 10_000;

/**
 * Limits new streams (rule A11): of the whole server, and of one certificate identity, so that one node in a loop
 * does not use up what a restarted fleet needs. Plaintext peers have no identity worth counting.
 */
export function createAdmission(limits: XdsLimits, clock: XdsClock): (peer: Peer) => GrpcStatus | undefined {
  const all = createTokenBucket(limits.newStreamsPerSecond, limits.newStreamBurst);
  const identities = new Map<string, TokenBucket>();
  const perIdentity = limits.newStreamsPerSecondAndIdentity;

  function bucketOf(identity: string, now: number): TokenBucket {
    const known = identities.get(identity);
    if (known !== undefined) return known;
    if (identities.size >= MAX_IDENTITIES) forgetIdle(identities, now);
    const bucket = createTokenBucket(perIdentity, perIdentity);
    identities.set(identity, bucket);
    return bucket;
  }

  return (peer) => {
    const now = clock.now();
    const [identity] = peer.uriSans;
    if (identity !== undefined && !bucketOf(identity, now).take(now)) return tooMany(`by ${identity}`);
    return all.take(now) ? undefined : tooMany('on this server');
  };
}

function forgetIdle(identities: Map<string, TokenBucket>, now: number): void {
  for (const [identity, bucket] of identities) if (bucket.idle(now)) identities.delete(identity);
}

const tooMany = (where: string): GrpcStatus => ({
  code: 'RESOURCE_EXHAUSTED',
  message: `Too many new streams ${where}: try again with back-off.`,
});
