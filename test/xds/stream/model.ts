import { createSnapshot, type Resource, type Snapshot, TYPE_URL } from '../../../src/xds/index.ts';
import type { XdsRequest } from '../../../src/xds/stream/messages.ts';
import type { Push, Pushes } from '../../../src/xds/stream/push.ts';
import type { StreamEvent, XdsStream } from '../../../src/xds/stream/stream.ts';
import { createXdsStream } from '../../../src/xds/stream/xds-stream.ts';

export const { cluster: CDS, endpoint: EDS, listener: LDS, route: RDS, secret: SDS } = TYPE_URL;

export function resource(name: string, version = '1', clusters?: readonly string[]): Resource {
  return { name, version, bytes: Buffer.from(`${name}@${version}`), clusters };
}

export const named = (...names: string[]): readonly Resource[] => names.map((name) => resource(name));

export const snapshotOf = (types: Readonly<Record<string, readonly Resource[]>>): Snapshot =>
  createSnapshot(new Map(Object.entries(types)));

type RequestPart = {
  type?: string;
  names?: readonly string[];
  unsubscribe?: readonly string[];
  nonce?: string;
  version?: string;
  known?: Readonly<Record<string, string>>;
  error?: string;
};

/** A stream driven by hand: what it says is read off the push, without decoding. */
export function harness(variant: 'sotw' | 'delta', pushes: Pushes, typeUrl = '') {
  const events: StreamEvent[] = [];
  const stream: XdsStream = createXdsStream({
    variant,
    typeUrl,
    pushes,
    onEvent: (event) => events.push(event),
  });
  const nonces = new Map<string, string>();
  let now = 0;
  function request(part: RequestPart): XdsRequest {
    const { type = CDS, names = [], nonce = '', error } = part;
    const base = {
      typeUrl: type,
      responseNonce: nonce,
      error: error === undefined ? undefined : { code: 13, message: error },
    };
    if (variant === 'sotw')
      return { ...base, kind: 'sotw', versionInfo: part.version ?? '', resourceNames: names };
    const { unsubscribe = [], known = {} } = part;
    return {
      ...base,
      kind: 'delta',
      subscribe: names,
      unsubscribe,
      initialVersions: new Map(Object.entries(known)),
    };
  }
  const one = (): Push | undefined => {
    const push = stream.next(now) as Push | undefined; // the machine hands out its pushes as they are
    if (push !== undefined) nonces.set(push.typeUrl, push.nonce);
    return push;
  };
  const drain = (): readonly Push[] => {
    const all: Push[] = [];
    for (let push = one(); push !== undefined; push = one()) all.push(push);
    return all;
  };
  return {
    stream,
    events,
    drain,
    /** Sends a request and gives what it brings about. */
    ask(part: RequestPart): readonly Push[] {
      stream.onRequest(request(part), now);
      return drain();
    },
    /** ACKs the newest response of a type; a state-of-the-world ACK repeats the names. */
    ack(type: string, part: RequestPart = {}): readonly Push[] {
      stream.onRequest(request({ ...part, type, nonce: nonces.get(type) ?? '' }), now);
      return drain();
    },
    serve(snapshot: Snapshot): readonly Push[] {
      stream.onSnapshot(snapshot, now);
      return drain();
    },
    pass(milliseconds: number): readonly Push[] {
      now += milliseconds;
      return drain();
    },
  };
}

/** What a list of pushes says, short: `CDS +a +b -c`. */
export function told(pushes: readonly Push[]): readonly string[] {
  return pushes.map(({ typeUrl, names, removed }) => {
    const word =
      Object.entries({ CDS, EDS, LDS, RDS, SDS }).find(([, url]) => url === typeUrl)?.[0] ?? typeUrl;
    const parts = [
      ...names.toSorted().map((name) => `+${name}`),
      ...removed.toSorted().map((name) => `-${name}`),
    ];
    return [word, ...parts].join(' ');
  });
}
