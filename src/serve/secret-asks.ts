import { groupSecrets } from '../fleet/plan/secrets.ts';
import type { Config } from '../model/config.ts';
import type { StreamInfo, StreamObserver } from '../xds/server/options.ts';
import type { Peer } from '../xds/server/peer.ts';
import { TYPE_URL } from '../xds/type-urls.ts';
import type { Audit, RefusalReason } from './audit.ts';

interface Asked {
  readonly config: () => Config | undefined;
  readonly audit: Audit;
}

/** Names of one request that are written down; the others are counted. */
const MOST_TOLD = 100;

const WORDS = {
  'secret-of-another-group': 'the group of this node does not use that secret',
  'unknown-secret': 'there is no such secret',
  'secret-over-plaintext': 'secrets go over loopback or mTLS only',
} as const satisfies Partial<Record<RefusalReason, string>>;

type Denial = keyof typeof WORDS;

/** Certificates go over loopback or mTLS, and nowhere else. */
export function maySeeSecrets({ loopback, encrypted }: Peer): boolean {
  return loopback || encrypted;
}

/**
 * Audits each secret that a node asks for by name and is not given. The node itself is told the same in every case:
 * nothing, as the snapshot of its group holds that group's secrets alone.
 */
export function secretAsks({ config, audit }: Asked): Pick<StreamObserver, 'subscribed' | 'subscribedTypes'> {
  const ownSecrets = secretsByGroup();
  return {
    subscribedTypes: new Set([TYPE_URL.secret]),
    subscribed(stream, _typeUrl, names) {
      const running = config();
      const own = running === undefined ? NONE : ownSecrets(running, stream.key);
      const more = new Map<Denial, number>();
      let told = 0;
      for (const name of names) {
        const reason = refusalOf(name, stream, own, running);
        if (reason === undefined) continue;
        told += 1;
        if (told > MOST_TOLD) more.set(reason, (more.get(reason) ?? 0) + 1);
        else audit.refused({ ...aboutStream(stream), reason, asked: name, message: WORDS[reason] });
      }
      for (const [reason, count] of more) audit.counted(reason, count);
    },
  };
}

const NONE: ReadonlySet<string> = new Set();

function refusalOf(
  name: string,
  { peer }: StreamInfo,
  own: ReadonlySet<string>,
  config: Config | undefined,
): Denial | undefined {
  if (!maySeeSecrets(peer)) return 'secret-over-plaintext';
  if (own.has(name)) return undefined;
  return config?.secrets.has(name) === true ? 'secret-of-another-group' : 'unknown-secret';
}

function aboutStream({ peer, node, key }: StreamInfo) {
  return { address: peer.address, uriSans: peer.uriSans, node: node.id, group: key };
}

/** Looked up once for each config and group. */
function secretsByGroup(): (config: Config, group: string) => ReadonlySet<string> {
  const known = new WeakMap<Config, Map<string, ReadonlySet<string>>>();
  return (config, group) => {
    const groups = known.get(config) ?? new Map<string, ReadonlySet<string>>();
    known.set(config, groups);
    const found = groups.get(group) ?? groupSecrets(config, group);
    groups.set(group, found);
    return found;
  };
}
