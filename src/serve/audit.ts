import type { Logger } from 'pino';
import type { Metrics } from './metrics.ts';

/** Why something was refused on the node port: the closed set of `muster_refused_total`. */
export type RefusalReason =
  | 'handshake'
  | 'revoked'
  | 'expired'
  | 'untrusted'
  | 'plaintext'
  | 'identity'
  | 'no-group'
  | 'node-changed'
  | 'method'
  | 'fetch'
  | 'status'
  | 'secret-of-another-group'
  | 'unknown-secret'
  | 'secret-over-plaintext';

export interface AuditedRefusal {
  readonly reason: RefusalReason;
  readonly address: string;
  /** What the certificate proves; empty without one. */
  readonly uriSans?: readonly string[] | undefined;
  readonly node?: string | undefined;
  readonly group?: string | undefined;
  /** The path of the call, or the name of the resource. */
  readonly asked: string;
  /** Why, in words. */
  readonly message: string;
}

/** Who asks for what is theirs to choose: neither fills the log nor the memory. */
const LONGEST = 256;
const MOST_TOLD = 4096;
const MOST_SANS = 4;

/** Counts every refusal, and writes it down once for each who, why and what. */
export class Audit {
  readonly #metrics: Pick<Metrics, 'refused'>;
  readonly #logs: readonly Logger[];
  readonly #told = new Set<string>();

  constructor(metrics: Pick<Metrics, 'refused'>, loggers: readonly Logger[]) {
    this.#metrics = metrics;
    // An audit line is written whatever the log level is.
    this.#logs = loggers.map((logger) => logger.child({ audit: true }, { level: 'info' }));
  }

  refused(refusal: AuditedRefusal): void {
    this.#metrics.refused.inc({ reason: refusal.reason });
    const { reason, address, message } = refusal;
    const sans = (refusal.uriSans ?? []).slice(0, MOST_SANS).map(cut);
    const [node, asked] = [cut(refusal.node ?? ''), cut(refusal.asked)];
    // A node without a certificate may call itself anything: its address is who it is.
    const key = JSON.stringify([reason, sans.length > 0 ? sans : address, asked]);
    if (this.#isTold(key)) return;
    const { group } = refusal;
    const line = { reason, uriSans: sans, address, node, group, asked, why: cut(message) };
    for (const log of this.#logs) log.info(line, 'refused');
  }

  #isTold(key: string): boolean {
    const known = this.#told.delete(key);
    this.#told.add(key);
    const [oldest] = this.#told;
    if (this.#told.size > MOST_TOLD && oldest !== undefined) this.#told.delete(oldest);
    return known;
  }
}

function cut(text: string): string {
  return text.slice(0, LONGEST);
}
