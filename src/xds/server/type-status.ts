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
export class TypeStatuses {
  readonly #entries: Entry[] = [];

  requested(typeUrl: string): void {
    this.#entry(typeUrl);
  }

  sent(response: XdsResponse): void {
    this.#entry(response.typeUrl).pending = true;
  }

  answered(event: StreamEvent): void {
    const at = this.#entry(event.typeUrl);
    at.pending = false;
    at.synced = event.kind === 'ack';
    if (event.kind === 'ack') at.acked = event.version;
    at.error = event.kind === 'nack' ? { version: event.version, message: event.message } : undefined;
  }

  list(): readonly TypeStatus[] {
    return this.#entries.map((at) => ({
      typeUrl: at.typeUrl,
      status: statusOf(at),
      acked: at.acked,
      error: at.error,
    }));
  }

  #entry(typeUrl: string): Entry {
    for (const entry of this.#entries) if (entry.typeUrl === typeUrl) return entry;
    const added = { typeUrl, pending: false, acked: '', synced: false, error: undefined };
    this.#entries.push(added);
    return added;
  }
}

function statusOf(entry: Entry): TypeStatus['status'] {
  if (entry.pending) return 'STALE';
  if (entry.error !== undefined) return 'ERROR';
  return entry.synced ? 'SYNCED' : 'NOT_SENT';
}
