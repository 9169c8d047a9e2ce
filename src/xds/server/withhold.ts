import type { Snapshot } from '../snapshot.ts';
import type { Peer } from './peer.ts';

/**
 * Snapshots without the types a peer may not have. Peers that lack the same types share one filtered snapshot, so
 * that they also share the bytes of each push.
 */
export function createVisibility(
  serveType: ((typeUrl: string, peer: Peer) => boolean) | undefined,
): (snapshot: Snapshot, peer: Peer) => Snapshot {
  if (serveType === undefined) return (snapshot) => snapshot;
  const filtered = new WeakMap<Snapshot, Map<string, Snapshot>>();
  return (snapshot, peer) => {
    const withheld = snapshot.typeUrls().filter((typeUrl) => !serveType(typeUrl, peer));
    if (withheld.length === 0) return snapshot;
    const variants = filtered.get(snapshot) ?? new Map<string, Snapshot>();
    filtered.set(snapshot, variants);
    const key = withheld.join('\n');
    const known = variants.get(key) ?? snapshot.without(withheld);
    variants.set(key, known);
    return known;
  };
}
