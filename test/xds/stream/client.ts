import type { Snapshot } from '../../../src/xds/index.ts';
import type { Push, Pushes } from '../../../src/xds/stream/push.ts';
import type { XdsStream } from '../../../src/xds/stream/stream.ts';
import { createXdsStream } from '../../../src/xds/stream/xds-stream.ts';
import { CDS, EDS, LDS, RDS } from './model.ts';
import { StreamChecks } from './stream-checks.ts';
import { readThings, type Thing } from './things.ts';

const WILD: readonly string[] = [CDS, LDS];

/** A client that applies what it is sent, and checks each message against the rules it must keep. */
export class ModelClient {
  readonly #variant: 'sotw' | 'delta';
  #stream: XdsStream | undefined;
  #inbox: Push[] = [];
  #nonces = new Set<string>();
  #asked = new Set<string>();
  #lastNonce = new Map<string, string>();
  #checks = new StreamChecks('delta', undefined);
  now = 0;
  readonly has = new Map<string, Map<string, Thing>>([CDS, EDS, LDS, RDS].map((type) => [type, new Map()]));
  readonly names = new Map<string, Set<string>>([
    [EDS, new Set()],
    [RDS, new Set()],
  ]);

  constructor(variant: 'sotw' | 'delta') {
    this.#variant = variant;
  }

  connect(pushes: Pushes, snapshot: Snapshot, order: readonly string[]): void {
    this.#stream = createXdsStream({ variant: this.#variant, typeUrl: '', pushes });
    this.#inbox = [];
    this.#nonces = new Set();
    this.#asked = new Set();
    this.#lastNonce = new Map();
    this.#checks = new StreamChecks(this.#variant, this.#of(CDS).size > 0 ? this.now : undefined);
    this.serve(snapshot);
    // What asks for routes before clusters and shows nothing of an earlier stream may be a gRPC client,
    // which asks for clusters after routes: it is not made to wait (O9).
    const ahead = order
      .slice(0, order.indexOf(CDS))
      .find((type) => WILD.includes(type) || this.#named(type).size > 0);
    const asked = ahead === undefined || this.#of(ahead).size > 0 ? order : [CDS, EDS, LDS, RDS];
    for (const type of asked) if (WILD.includes(type) || this.#named(type).size > 0) this.#ask(type);
  }

  serve(snapshot: Snapshot): void {
    this.#stream?.onSnapshot(snapshot, this.now);
    this.#pull();
  }

  subscribe(type: string, name: string): void {
    const known = this.#named(type);
    if (known.has(name)) return;
    known.add(name);
    this.#checks.asked(type, name);
    if (this.#asked.has(type)) this.#send(type, this.#last(type), [name], []);
    else this.#ask(type);
  }

  unsubscribe(type: string, name: string): void {
    if (!this.#named(type).delete(name)) return;
    this.#of(type).delete(name);
    this.#send(type, this.#last(type), [], [name]);
  }

  stale(type: string): void {
    if (this.#asked.has(type)) this.#send(type, 'stale', [], []);
  }

  /** Reads one waiting message; a refused one is not applied. */
  answer(refuse: (type: string) => boolean): void {
    const push = this.#inbox.shift();
    if (push === undefined) return;
    this.#lastNonce.set(push.typeUrl, push.nonce);
    const refused = refuse(push.typeUrl);
    if (refused) this.#checks.refused(push, readThings(push.bytes, this.#variant));
    else {
      this.#apply(push);
      this.#checks.taken(push, this.now);
    }
    this.#send(push.typeUrl, push.nonce, [], [], refused ? 'refused' : undefined);
  }

  settle(): void {
    while (this.#inbox.length > 0) this.answer(() => false);
  }

  pass(milliseconds: number): void {
    this.settle();
    this.now += milliseconds;
    this.#pull();
    this.settle();
  }

  #apply({ typeUrl, bytes, removed }: Push): void {
    const mine = this.#of(typeUrl);
    const sent = readThings(bytes, this.#variant);
    if (new Set(sent.map(({ name }) => name)).size < sent.length) throw new Error('a name came twice (B11)');
    if (this.#variant === 'sotw' && WILD.includes(typeUrl)) mine.clear();
    for (const thing of sent) {
      const wanted = WILD.includes(typeUrl) || this.#named(typeUrl).has(thing.name);
      if (wanted) mine.set(thing.name, thing);
    }
    for (const name of removed) mine.delete(name);
    this.#checkReferences();
  }

  #checkReferences(): void {
    for (const type of [LDS, RDS]) {
      for (const { name, clusters } of this.#of(type).values()) {
        const missing = clusters.find((cluster) => !this.#of(CDS).has(cluster));
        if (missing !== undefined)
          throw new Error(`${name} names ${missing}, which the client does not have`);
      }
    }
  }

  #ask(type: string): void {
    this.#asked.add(type);
    const names = WILD.includes(type) ? [] : [...this.#named(type)];
    this.#send(type, '', names, []);
  }

  #send(type: string, nonce: string, subscribe: string[], unsubscribe: string[], error?: string): void {
    const base = {
      typeUrl: type,
      responseNonce: nonce,
      error: error === undefined ? undefined : { code: 3, message: error },
    };
    const first = nonce === '' && this.#last(type) === '';
    const known = first
      ? [...this.#of(type).values()].map(({ name, version }): [string, string] => [name, version])
      : [];
    if (this.#variant === 'delta') {
      this.#stream?.onRequest(
        { ...base, kind: 'delta', subscribe, unsubscribe, initialVersions: new Map(known) },
        this.now,
      );
    } else {
      const resourceNames = WILD.includes(type) ? [] : [...this.#named(type)];
      const versionInfo = first && known.length > 0 ? 'some' : '';
      this.#stream?.onRequest({ ...base, kind: 'sotw', resourceNames, versionInfo }, this.now);
    }
    this.#pull();
  }

  #pull(): void {
    for (let push = this.#stream?.next(this.now); push !== undefined; push = this.#stream?.next(this.now)) {
      const { typeUrl, nonce } = push;
      if (this.#nonces.has(nonce)) throw new Error(`nonce ${nonce} came twice (A4)`);
      if (this.#inbox.some((other) => other.typeUrl === typeUrl)) throw new Error('two unanswered (A8)');
      this.#nonces.add(nonce);
      const sent = push as Push; // the machine hands out its pushes as they are
      const waiting = this.#inbox.map((other) => other.typeUrl);
      this.#checks.sent(sent, readThings(sent.bytes, this.#variant), waiting, this.#of(CDS), this.now);
      this.#inbox.push(sent);
    }
  }

  #of(type: string): Map<string, Thing> {
    return this.has.get(type) ?? new Map();
  }

  #named(type: string): Set<string> {
    return this.names.get(type) ?? new Set();
  }

  #last(type: string): string {
    return this.#lastNonce.get(type) ?? '';
  }
}
