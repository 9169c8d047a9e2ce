import type { Push } from '../../../src/xds/stream/push.ts';
import { CDS, LDS, RDS } from './model.ts';
import type { Thing } from './things.ts';

const GRACE_MS = 5_000;

/** What one stream may not do, whatever happens: removals too early, and the same again after a NACK. */
export class StreamChecks {
  readonly #variant: 'sotw' | 'delta';
  /** When routes or listeners were last ACKed here; of a client that came back, when it came. */
  #routedAt: number;
  #clustersSent = false;
  readonly #refused = new Set<string>();

  constructor(variant: 'sotw' | 'delta', resumedAt: number | undefined) {
    this.#variant = variant;
    this.#routedAt = resumedAt ?? Number.NEGATIVE_INFINITY;
  }

  refused({ typeUrl }: Push, things: readonly Thing[]): void {
    for (const { name, version } of things) this.#refused.add(`${typeUrl} ${name} ${version}`);
  }

  taken({ typeUrl }: Push, now: number): void {
    if (typeUrl === LDS || typeUrl === RDS) this.#routedAt = now;
  }

  /** A name that is asked for again is answered again (D2). */
  asked(type: string, name: string): void {
    for (const key of this.#refused) if (key.startsWith(`${type} ${name} `)) this.#refused.delete(key);
  }

  sent(
    push: Push,
    things: readonly Thing[],
    waiting: readonly string[],
    clusters: ReadonlyMap<string, Thing>,
    now: number,
  ): void {
    this.#checkRepeats(push, things);
    if (push.typeUrl !== CDS) return;
    const first = !this.#clustersSent;
    this.#clustersSent = true;
    // A list cannot show what a client has of another stream, so the first one may take it (design 5.4).
    if (this.#variant === 'sotw' && first) return;
    const listed = new Set(things.map(({ name }) => name));
    const gone =
      this.#variant === 'sotw' ? [...clusters.keys()].filter((name) => !listed.has(name)) : push.removed;
    if (!gone.some((name) => clusters.has(name))) return;
    if (waiting.includes(LDS) || waiting.includes(RDS))
      throw new Error('removed before routes were ACKed (O5)');
    if (now < this.#routedAt + GRACE_MS) throw new Error('removed within 5 s of an ACK of routes (O5)');
  }

  /** Listeners and routes; endpoints may come again for their cluster (O6). */
  #checkRepeats({ typeUrl, removed }: Push, things: readonly Thing[]): void {
    if (this.#variant === 'sotw' || (typeUrl !== LDS && typeUrl !== RDS)) return;
    for (const { name, version } of things) {
      if (this.#refused.has(`${typeUrl} ${name} ${version}`))
        throw new Error(`${name} came again after a NACK (B2 D7)`);
      this.asked(typeUrl, name);
    }
    for (const name of removed) this.asked(typeUrl, name);
  }
}
