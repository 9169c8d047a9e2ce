import type { XdsRequest } from '../stream/messages.ts';
import type { StreamInfo, StreamObserver } from './options.ts';

const WILDCARD = '*';
const NOTHING: readonly string[] = [];

/** Tells the observer which names the requests of one stream ask for. Keeps only lists of SotW, as each ACK repeats them. */
export class AskedNames {
  readonly #observer: StreamObserver;
  readonly #lists = new Map<string, readonly string[]>();
  readonly #seen = new Set<string>();

  constructor(observer: StreamObserver) {
    this.#observer = observer;
  }

  tell(stream: StreamInfo | undefined, typeUrl: string, request: XdsRequest): void {
    const observer = this.#observer;
    if (stream === undefined || observer.subscribed === undefined) return;
    if (observer.subscribedTypes?.has(typeUrl) === false) return;
    const asked =
      request.kind === 'sotw'
        ? this.#ofList(typeUrl, request.resourceNames)
        : this.#ofDelta(typeUrl, request);
    const names = asked.includes(WILDCARD) ? asked.filter((name) => name !== WILDCARD) : asked;
    if (names.length > 0) observer.subscribed(stream, typeUrl, names);
  }

  #ofList(typeUrl: string, list: readonly string[]): readonly string[] {
    const before = this.#lists.get(typeUrl) ?? NOTHING;
    if (list === before) return NOTHING;
    this.#lists.set(typeUrl, list);
    const known = new Set(before);
    return [...new Set(list)].filter((name) => !known.has(name));
  }

  /** What a client says that it has counts as asked for, on the one message where that is read. */
  #ofDelta(typeUrl: string, request: Extract<XdsRequest, { kind: 'delta' }>): readonly string[] {
    const first = !this.#seen.has(typeUrl);
    this.#seen.add(typeUrl);
    if (!first || request.initialVersions.size === 0) return request.subscribe;
    return [...new Set([...request.subscribe, ...request.initialVersions.keys()])];
  }
}
