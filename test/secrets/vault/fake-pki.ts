import { expect } from 'vitest';
import type { VaultCalls } from '../../../src/secrets/vault/calls.ts';
import { Issuing } from '../../../src/secrets/vault/pki/issuing.ts';
import { type IssuedRef, tlsVaultRef } from '../../../src/secrets/vault/refs.ts';
import { manualClock } from '../../discovery/manual-clock.ts';
import { makeCa, makeCertificate } from '../certificates.ts';

const never = new AbortController().signal;
export const start = Date.now();

export const root = await makeCa({ name: 'root' });
export const middle = await makeCa({ name: 'middle', issuer: root });
export const leaf = await makeCertificate({
  names: ['a.example.com'],
  issuer: middle,
  days: 3,
  from: new Date(start),
});

export const good = {
  certificate: leaf.certificate,
  issuing_ca: middle.certificate,
  ca_chain: [middle.certificate, root.certificate],
  serial_number: '1a:2b:3c',
  private_key: leaf.privateKey,
};

export function issuedRef(more: Readonly<Record<string, unknown>> = {}): IssuedRef {
  const ref = tlsVaultRef.parse({
    pki: { mount: 'pki', role: 'web', commonName: 'a.example.com', ...more },
  });
  return 'pki' in ref ? ref.pki : expect.unreachable('the reference is one to PKI');
}

/** Vault answers every write with this, and remembers what was written. */
export function answering(answer: (turn: number, signal: AbortSignal) => unknown) {
  const written: { readonly path: string; readonly body: Readonly<Record<string, unknown>> }[] = [];
  const calls: VaultCalls = {
    read: async () => expect.unreachable('nothing is read'),
    write: async (path, body, signal) => {
      written.push({ path, body });
      return await answer(written.length, signal);
    },
  };
  const clock = manualClock(start);
  return { written, clock, issuing: new Issuing({ calls, clock, random: () => 0.5 }) };
}

export const reading = (ref = issuedRef(), signal = never) => ({ ref, known: undefined, signal });
