import type { Peer } from '../xds/server/peer.ts';

/** What may not connect: exact URI SANs, certificates by fingerprint, certificates by serial number. */
export interface Denylist {
  readonly uris: ReadonlySet<string>;
  readonly fingerprints: ReadonlySet<string>;
  readonly serials: ReadonlySet<string>;
}

export const EMPTY_DENYLIST: Denylist = { uris: new Set(), fingerprints: new Set(), serials: new Set() };

/**
 * One entry a line: `spiffe://example.org/group/edge/node/n1`, `sha256:<fingerprint>` or `serial:<hex>`; `#` begins a
 * comment. A line that is none of these spoils the whole list, as an entry that is not understood revokes nobody.
 */
export function parseDenylist(text: string): { readonly list: Denylist } | { readonly problem: string } {
  const [uris, fingerprints, serials] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const [at, written] of text.split(/\r?\n/).entries()) {
    const line = written.replace(/(^|\s)#.*$/, '').trim();
    if (line === '') continue;
    const [, kind, rest = ''] = /^(sha256|serial):(.*)$/i.exec(line) ?? [];
    const hex = rest.replaceAll(':', '').trim().toLowerCase();
    if (kind === undefined && /^[a-z][a-z0-9+.-]*:[^\s]+$/.test(line)) uris.add(line);
    else if (kind?.toLowerCase() === 'sha256' && /^[0-9a-f]{64}$/.test(hex)) fingerprints.add(hex);
    else if (kind?.toLowerCase() === 'serial' && /^[0-9a-f]+$/.test(hex))
      serials.add(hex.replace(/^0+(?=.)/, ''));
    else return { problem: `line ${at + 1}: expected a URI, sha256:<64 hex digits> or serial:<hex digits>` };
  }
  return { list: { uris, fingerprints, serials } };
}

export function isDenied({ uris, fingerprints, serials }: Denylist, peer: Peer): boolean {
  return (
    peer.uriSans.some((san) => uris.has(san)) ||
    (peer.certificateFingerprint !== undefined && fingerprints.has(peer.certificateFingerprint)) ||
    (peer.certificateSerial !== undefined && serials.has(peer.certificateSerial))
  );
}
