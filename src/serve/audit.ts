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
/** Lines of one client in a minute: a hundred names that it tries are enough to know what it does. */
const MOST_LINES = 200;
const MINUTE_MS = 60_000;

interface Budget {
  readonly since: number;
  lines: number;
}

/** Counts every refusal, and writes it down once for each who, why and what. */
export class Audit {
  readonly #metrics: Pick<Metrics, 'refused'>;
  readonly #logs: readonly Logger[];
  readonly #now: () => number;
  readonly #told = new Map<string, true>();
  readonly #budgets = new Map<string, Budget>();

  constructor(metrics: Pick<Metrics, 'refused'>, loggers: readonly Logger[], now: () => number = Date.now) {
    this.#metrics = metrics;
    this.#now = now;
    // An audit line is written whatever the log level is.
    this.#logs = loggers.map((logger) => logger.child({ audit: true }, { level: 'info' }));
  }

  /** Refusals that are like others which were written down. */
  counted(reason: RefusalReason, count = 1): void {
    this.#metrics.refused.inc({ reason }, count);
  }

  refused(refusal: AuditedRefusal): void {
    this.counted(refusal.reason);
    const { reason, address, group } = refusal;
    const sans = (refusal.uriSans ?? []).slice(0, MOST_SANS).map(cut);
    const [node, asked, why] = [refusal.node ?? '', refusal.asked, refusal.message].map(cut);
    // A node without a certificate may call itself anything: its address is who it is.
    const who = JSON.stringify(sans.length > 0 ? sans : address);
    const isNews = remember(this.#told, JSON.stringify([who, reason, asked, why]), () => true) === 'new';
    if (!isNews) return;
    const left = this.#spend(who);
    if (left < 0) return;
    const line = { reason, uriSans: sans, address, node, group, asked, why };
    for (const log of this.#logs) log.info(left === 0 ? { ...line, more: MORE } : line, 'refused');
  }

  /** How many lines that client has left in this minute, this one taken away. */
  #spend(who: string): number {
    const now = this.#now();
    const known = this.#budgets.get(who);
    const isCurrent = known !== undefined && now - known.since < MINUTE_MS;
    const budget = isCurrent ? known : { since: now, lines: 0 };
    budget.lines += 1;
    this.#budgets.delete(who);
    remember(this.#budgets, who, () => budget);
    return MOST_LINES - budget.lines;
  }
}

const MORE = 'further refusals of this client are counted and not written for a minute';

/** Puts an entry last in a map of bounded size. */
function remember<Value>(map: Map<string, Value>, key: string, make: () => Value): 'new' | 'known' {
  const known = map.has(key);
  const value = map.get(key) ?? make();
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MOST_TOLD && oldest !== undefined) map.delete(oldest);
  return known ? 'known' : 'new';
}

function cut(text: string): string {
  return text.slice(0, LONGEST);
}
