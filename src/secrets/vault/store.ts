import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../../clock.ts';
import { SecretBytes } from '../../secret-bytes.ts';
import type { SecretStore, SecretStoreContext, SecretVersion, UnchangedSecret } from '../store.ts';
import { createAuth } from './auth/index.ts';
import { createCalls, type VaultCalls } from './calls.ts';
import { createClient } from './client.ts';
import { Engines } from './engines.ts';
import { reactionOf, VaultFault } from './fault.ts';
import { ownFiles } from './files.ts';
import { readKv1 } from './kv1.ts';
import { Kv2, type Reading } from './kv2.ts';
import { readAuthorities } from './pki/authorities.ts';
import { Issuing } from './pki/issuing.ts';
import { Recovery } from './recovery.ts';
import { type KvRef, type VaultRef, vaultRef } from './refs.ts';
import type { VaultOptions } from './schema.ts';
import { Session } from './session.ts';
import { createTlsAgents } from './tls.ts';
import { Transport } from './transport.ts';
import { withWarnings } from './warnings.ts';

/** What a test sets. */
export interface VaultEdges {
  readonly clock: Clock;
  readonly random: () => number;
  /** For each call. */
  readonly deadlineMs: number;
}

/** Answered well by the active node alone: a standby that serves nothing is not back. */
const HEALTH = 'sys/health?perfstandbyok=true';
/** For all that is given back at the end. */
const CLOSE_MS = 15_000;

const EDGES: VaultEdges = { clock: systemClock, random: Math.random, deadlineMs: 10_000 };

/** Secrets of one Vault or OpenBao, over one login. */
export function createVaultStore(
  options: VaultOptions,
  context: SecretStoreContext,
  { clock, random, deadlineMs }: VaultEdges = EDGES,
): SecretStore {
  const files = ownFiles(context.baseDir);
  const transport = new Transport({
    origins: new Set([options.address, ...options.followTo].map((address) => new URL(address).origin)),
    tls: createTlsAgents(options.tls, files),
    deadlineMs,
  });
  const { address, namespace, interval: intervalMs } = options;
  const client = createClient({ address, namespace, transport, now: () => clock.now() });
  const method = createAuth(options, { client, files, secret: context.secret });
  const session = new Session({ client, method, clock, random });
  const life = new AbortController();
  const calls = createCalls({ client, session, clock, life: life.signal });
  const hmacKey = context.hmacKey ?? new SecretBytes(randomBytes(32));
  const now = () => clock.now();
  const readKv = createKv(calls, { life: life.signal, intervalMs, hmacKey, now });
  const issuing = new Issuing({ calls, clock, random });
  const probe = async (signal: AbortSignal) => {
    await client.call({ path: HEALTH, signal });
    if (session.isFailing) throw new VaultFault('refused', 'it does not let us in yet');
  };
  const recovery = new Recovery({ probe, clock, life: life.signal });
  const readOne = ({ ref, ...reading }: Reading<VaultRef>): Promise<Answer> => {
    if (!('pki' in ref)) return readKv({ ref, ...reading });
    const { pki } = ref;
    if ('role' in pki) return issuing.read({ ref: pki, ...reading });
    return readAuthorities({ ref: pki, ...reading }, { read: calls.read, intervalMs, hmacKey, now });
  };
  return {
    read: async (ref, signal, known) => {
      signal.throwIfAborted();
      try {
        return withWarnings(await readOne({ ref: parsed(ref), known, signal }), calls.warnings());
      } catch (error) {
        if (reactionOf(error) === 'down' || session.isFailing) recovery.lost(JSON.stringify(ref));
        throw error;
      }
    },
    watch: (ref, back, signal) => recovery.watch(JSON.stringify(ref), back, signal),
    close: async () => {
      const revoke = options.revokeOnShutdown;
      const signal = AbortSignal.timeout(CLOSE_MS);
      try {
        // Certificates are revoked with our login, so before it.
        const given = await faultOf(issuing.close({ revoke, signal }));
        life.abort(new VaultFault('down', 'the store is closed'));
        throwAll([given, await faultOf(session.close({ revoke }))]);
      } finally {
        client.close();
      }
    },
  };
}

/** A reference is the same object at each read: it is taken apart once. */
const parsedRefs = new WeakMap<object, VaultRef>();

function parsed(ref: unknown): VaultRef {
  if (typeof ref !== 'object' || ref === null) return vaultRef.parse(ref);
  const found = parsedRefs.get(ref) ?? vaultRef.parse(ref);
  parsedRefs.set(ref, found);
  return found;
}

type Answer = SecretVersion | UnchangedSecret | undefined;

async function faultOf(ending: Promise<void>): Promise<string | undefined> {
  return ending.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : 'it did not end'),
  );
}

function throwAll(faults: readonly (string | undefined)[]): void {
  const told = faults.filter((fault) => fault !== undefined);
  if (told.length > 0) throw new VaultFault('down', told.join('; '));
}

interface KvOptions {
  readonly life: AbortSignal;
  readonly intervalMs: number;
  readonly hmacKey: SecretBytes;
  readonly now: () => number;
}

function createKv({ read }: VaultCalls, { life, intervalMs, hmacKey, now }: KvOptions) {
  const engines = new Engines(read, life);
  const kv2 = new Kv2({ read, intervalMs, now });
  return async (reading: Reading<KvRef>) => {
    const { ref, signal } = reading;
    const engine = await engines.versionOf(ref, signal);
    try {
      const found = await (engine === 2
        ? kv2.read(reading)
        : readKv1(reading, { read, intervalMs, hmacKey }));
      if (found === undefined) engines.forget(ref.mount);
      return found;
    } catch (error) {
      if (reactionOf(error) === 'broken') engines.forget(ref.mount);
      throw error;
    }
  };
}
