import type { NodeView } from '../api/views.ts';
import type { NodeRegistry } from '../fleet/nodes.ts';
import type { StreamStatus } from '../xds/server/options.ts';

/** The connected nodes, a view for each stream, in the order of their ids. */
export function nodesOf(streams: readonly StreamStatus[], nodes: NodeRegistry): readonly NodeView[] {
  return streams.map((status) => nodeOf(status, nodes)).toSorted(byId);
}

function nodeOf(status: StreamStatus, nodes: NodeRegistry): NodeView {
  const { stream, types } = status;
  const version = stream.node.userAgentVersion;
  return {
    id: stream.node.id,
    group: stream.key,
    address: stream.peer.address,
    variant: stream.variant,
    ...(version === '' ? {} : { envoyVersion: version }),
    connectedSince: iso(stream.connectedAt),
    inSync: isInSync(status),
    types: types.map(({ typeUrl, status: word, acked }) => {
      const refusal = nodes.refusal(stream.id, typeUrl);
      return {
        type: typeUrl,
        ...(acked === '' ? {} : { acked }),
        pending: word === 'STALE',
        ...(refusal === undefined ? {} : { nack: { ...refusal, at: iso(refusal.at) } }),
      };
    }),
  };
}

/** Nothing is unanswered and nothing refused. */
export function isInSync({ types }: StreamStatus): boolean {
  return types.every(({ status }) => status !== 'STALE' && status !== 'ERROR');
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function byId(a: NodeView, b: NodeView): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
