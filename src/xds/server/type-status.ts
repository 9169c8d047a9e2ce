import type { XdsResponse } from '../stream/messages.ts';
import type { StreamEvent } from '../stream/stream.ts';
import type { TypeStatus } from './options.ts';

interface Entry {
  readonly typeUrl: string;
  pending: boolean;
  acked: string;
  synced: boolean;
  error: { readonly version: string; readonly message: string } | undefined;
}

/** What a stream was sent and what it answered, per type: a few words, no names. */
export interface TypeStatuses {
  requested(typeUrl: string): void;
  sent(response: XdsResponse): void;
  answered(event: StreamEvent): void;
  list(): readonly TypeStatus[];
}

export function createTypeStatuses(): TypeStatuses {
  const entries: Entry[] = [];
  function entry(typeUrl: string): Entry {
    const known = entries.find((candidate) => candidate.typeUrl === typeUrl);
    if (known !== undefined) return known;
    const added = { typeUrl, pending: false, acked: '', synced: false, error: undefined };
    entries.push(added);
    return added;
  }
  return {
    requested(typeUrl) {
      entry(typeUrl);
    },
    sent(response) {
      entry(response.typeUrl).pending = true;
    },
    answered(event) {
      const at = entry(event.typeUrl);
      at.pending = false;
      at.synced = event.kind === 'ack';
      if (event.kind === 'ack') at.acked = event.version;
      at.error = event.kind === 'nack' ? { version: event.version, message: event.message } : undefined;
    },
    list: () =>
      entries.map((at) => ({ typeUrl: at.typeUrl, status: statusOf(at), acked: at.acked, error: at.error })),
  };
}

function statusOf(entry: Entry): TypeStatus['status'] {
  if (entry.pending) return 'STALE';
  if (entry.error !== undefined) return 'ERROR';
  return entry.synced ? 'SYNCED' : 'NOT_SENT';
}
