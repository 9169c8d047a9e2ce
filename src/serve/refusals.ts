import type { GroupRefusal } from '../fleet/groups.ts';
import type { RefusedCall } from '../xds/server/options.ts';
import type { Peer } from '../xds/server/peer.ts';
import type { NodeInfo } from '../xds/stream/messages.ts';
import type { AuditedRefusal, RefusalReason } from './audit.ts';

const REASONS: Readonly<Record<RefusedCall['why'], RefusalReason>> = {
  handshake: 'handshake',
  peer: 'revoked',
  expired: 'expired',
  untrusted: 'untrusted',
  method: 'method',
  fetch: 'fetch',
  status: 'status',
  node: 'node-changed',
};

/** What the server itself refused, as the audit log has it. */
export function auditedCall({ why, address, peer, nodeId, asked, message }: RefusedCall): AuditedRefusal {
  return { reason: REASONS[why], address, uriSans: peer?.uriSans, node: nodeId, asked, message };
}

/** A node that got no group. */
export function auditedNode(
  node: NodeInfo,
  { address, uriSans }: Peer,
  { reason, refused }: GroupRefusal,
): AuditedRefusal {
  return { reason, address, uriSans, node: node.id, asked: '', message: refused };
}
