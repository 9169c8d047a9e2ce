import pLimit from 'p-limit';
import type { Clock } from '../../../clock.ts';
import { durationMs } from '../../../duration.ts';
import { checkMaterial } from '../../material.ts';
import type { SecretVersion, UnchangedSecret } from '../../store.ts';
import type { VaultCalls } from '../calls.ts';
import { VaultFault } from '../fault.ts';
import type { Reading } from '../kv2.ts';
import type { IssuedRef } from '../refs.ts';
import { SharedWork } from '../shared-work.ts';
import { type Issued, issueCertificate } from './issue.ts';
import { revokeCertificate } from './revoke.ts';

export interface IssuingOptions {
  readonly calls: VaultCalls;
  readonly clock: Clock;
  readonly random: () => number;
}

interface Kept {
  readonly issued: Issued;
  readonly lifeMs: number;
  readonly warnings: readonly string[];
  /** Epoch milliseconds. */
  renewAt: number;
  readAt: number;
}

/** SRC: issued anew at two thirds of its life, spread by a tenth so that replicas do not come at once. */
const RENEW_AT = 2 / 3;
const RENEW_JITTER = 0.1;
/** However short the life seems to us, whose clock may be wrong. */
const LEAST_WAIT_MS = 10_000;
/** What the check refuses is asked for anew that soon, as somebody may have mended the role; and no sooner. */
const UNSERVABLE_MS = 60_000;
/** Less than what was asked for by that much is worth a word. */
const NEARLY = 0.95;
const REVOKED_AT_ONCE = 8;
const LATE =
  'there was no more time; Vault makes its whole list anew for each one, unless auto_rebuild is set in config/crl of the mount';

/** Certificates that were issued to us: one for each reference, kept until it is time for the next. */
export class Issuing {
  readonly #options: IssuingOptions;
  readonly #life = new AbortController();
  readonly #issues = new SharedWork<Kept>(this.#life.signal);
  readonly #kept = new Map<string, Kept>();
  /** What must be given back, by serial number: also what was replaced and is valid for a while. */
  readonly #valid = new Map<string, { readonly mount: string; readonly endsAt: number }>();

  constructor(options: IssuingOptions) {
    this.#options = options;
  }

  async read({ ref, known, signal }: Reading<IssuedRef>): Promise<SecretVersion | UnchangedSecret> {
    const key = JSON.stringify(ref);
    const { clock } = this.#options;
    this.#forgetUnread(clock.now());
    const held = this.#kept.get(key);
    if (held !== undefined) touch(held, clock.now());
    const isDue = held === undefined || held.renewAt <= clock.now();
    const kept = isDue
      ? await this.#issues.run(key, (shared) => this.#issue(key, ref, shared), signal)
      : held;
    return answerOf(kept, known, clock.now());
  }

  /** Ends what runs, and revokes what is valid yet if asked to. Throws what could not be revoked. */
  async close({ revoke, signal }: { readonly revoke: boolean; readonly signal: AbortSignal }): Promise<void> {
    this.#life.abort(new VaultFault('down', 'the store is closed'));
    this.#kept.clear();
    const left = [...this.#valid].filter(([, { endsAt }]) => endsAt > this.#options.clock.now());
    this.#valid.clear();
    if (!revoke || left.length === 0) return;
    const turn = pLimit(REVOKED_AT_ONCE);
    const { calls } = this.#options;
    const done = await Promise.allSettled(
      left.map(([serial, { mount }]) => turn(() => revokeCertificate(calls, { mount, serial }, signal))),
    );
    const reasons = done.filter((one) => one.status === 'rejected').map((one): unknown => one.reason);
    if (reasons.length > 0) throw notRevoked(reasons, left.length);
  }

  async #issue(key: string, ref: IssuedRef, signal: AbortSignal): Promise<Kept> {
    const { calls, clock } = this.#options;
    const issued = await issueCertificate(calls, ref, signal);
    const now = clock.now();
    this.#valid.set(issued.serial, { mount: ref.mount, endsAt: issued.notAfter });
    const lifeMs = Math.min(issued.notAfter - now, issued.notAfter - issued.notBefore);
    const kept = {
      issued,
      lifeMs,
      warnings: lifeWarnings(ref, lifeMs),
      renewAt: now + (isServable(issued, now) ? this.#wait(lifeMs) : UNSERVABLE_MS),
      readAt: now,
    };
    this.#kept.set(key, kept);
    return kept;
  }

  #wait(lifeMs: number): number {
    const spread = 1 + RENEW_JITTER * (2 * this.#options.random() - 1);
    return Math.max(lifeMs * RENEW_AT * spread, LEAST_WAIT_MS);
  }

  /** Of secrets that left the config. */
  #forgetUnread(now: number): void {
    for (const [key, { readAt, renewAt, lifeMs }] of this.#kept)
      if (Math.max(renewAt, readAt + lifeMs) < now) this.#kept.delete(key);
    for (const [serial, { endsAt }] of this.#valid) if (endsAt < now) this.#valid.delete(serial);
  }
}

/** The check says why to those who read it. */
function isServable({ serial, parts }: Issued, now: number): boolean {
  return checkMaterial('tls', { version: serial, parts }, now).problem === undefined;
}

/** A clock that was put back makes the life of what is kept no longer. */
function touch(kept: Kept, now: number): void {
  if (now < kept.readAt) kept.renewAt -= kept.readAt - now;
  kept.readAt = now;
}

function answerOf(
  { issued, renewAt, warnings }: Kept,
  known: string | undefined,
  now: number,
): SecretVersion | UnchangedSecret {
  const unchanged = {
    version: issued.serial,
    checkAgainMs: Math.max(1, Math.ceil(renewAt - now)),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
  return issued.serial === known ? unchanged : { ...unchanged, parts: issued.parts };
}

function lifeWarnings({ mount, role, ttl }: IssuedRef, lifeMs: number): readonly string[] {
  if (ttl === undefined || lifeMs >= durationMs.parse(ttl) * NEARLY) return [];
  const minutes = Math.max(0, Math.round(lifeMs / 60_000));
  const life = minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
  return [`issued for ${life} and not for ${ttl}: the role ${role} or the mount ${mount} allows no more`];
}

function notRevoked(reasons: readonly unknown[], of: number): VaultFault {
  const [first] = reasons;
  const why = first instanceof VaultFault ? first.message : LATE;
  return new VaultFault('down', `${reasons.length} of ${of} certificates could not be revoked: ${why}`);
}
