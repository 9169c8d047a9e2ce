import { changesSince } from './changes.ts';
import type { Facts } from './facts.ts';
import { faultText } from './fault.ts';
import type { Listings } from './listings.ts';
import type { FromWorker, ListingRequest, RefreshRequest, ToWorker } from './protocol.ts';

/** So few that the main thread takes each in a few milliseconds. */
const CHUNK = 200;

interface Watched {
  readonly version: number;
  readonly reported: ReadonlyMap<string, Facts>;
  readonly listing: ListingRequest;
}

interface Call {
  readonly controller: AbortController;
  next: () => void;
}

/** The worker's side: answers refreshes with what changed for that watch. */
export class RefreshServer {
  readonly #listings: Listings;
  readonly #post: (message: FromWorker) => void;
  readonly #watched = new Map<number, Watched>();
  readonly #calls = new Map<number, Call>();

  constructor(listings: Listings, post: (message: FromWorker) => void) {
    this.#listings = listings;
    this.#post = post;
  }

  take(message: ToWorker): void {
    switch (message.kind) {
      case 'refresh':
        void this.#answer(message.call, message.request);
        break;
      case 'next':
        this.#calls.get(message.call)?.next();
        break;
      case 'cancel':
        this.#calls.get(message.call)?.controller.abort(new Error('cancelled'));
        break;
      case 'forget':
        this.#forget(message.watch);
        break;
    }
  }

  async #answer(id: number, request: RefreshRequest): Promise<void> {
    const call: Call = { controller: new AbortController(), next: () => undefined };
    this.#calls.set(id, call);
    try {
      await this.#refresh(id, request, call);
    } catch (error) {
      const { account, region, statusChecks, interfaceTag } = request.listing;
      const where = { account, region, statusChecks, interfaces: interfaceTag !== undefined };
      this.#post({ kind: 'failed', call: id, message: faultText(error, where) });
    } finally {
      this.#calls.delete(id);
    }
  }

  async #refresh(id: number, request: RefreshRequest, call: Call): Promise<void> {
    const { watch, view, listing, keys, maxAgeMs } = request;
    const listed = await this.#listings.list({ listing, keys }, maxAgeMs, call.controller.signal);
    const known = this.#watched.get(watch);
    const before = known?.version === request.version ? known : undefined;
    const { set, removed, terminated, reported } = changesSince(before?.reported, listed, view);
    for (let at = 0; at < set.length; at += CHUNK) {
      this.#post({ kind: 'chunk', call: id, instances: set.slice(at, at + CHUNK) });
      await taken(call);
    }
    const changed = set.length > 0 || removed.length > 0;
    const version = before === undefined || changed ? request.version + 1 : request.version;
    this.#watched.set(watch, { version, reported, listing });
    this.#post({ kind: 'done', call: id, version, full: before === undefined, removed, terminated });
  }

  #forget(watch: number): void {
    const gone = this.#watched.get(watch);
    this.#watched.delete(watch);
    if (gone === undefined) return;
    const key = JSON.stringify(gone.listing);
    const stillUsed = [...this.#watched.values()].some(({ listing }) => JSON.stringify(listing) === key);
    if (!stillUsed) this.#listings.drop(gone.listing);
  }
}

function taken(call: Call): Promise<void> {
  const { signal } = call.controller;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    call.next = () => {
      signal.removeEventListener('abort', abort);
      resolve();
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}
