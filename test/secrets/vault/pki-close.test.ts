import { expect, test } from 'vitest';
import { VaultFault } from '../../../src/secrets/vault/fault.ts';
import { answering, good, issuedRef, reading } from './fake-pki.ts';

const never = new AbortController().signal;

test('the end of the store ends what runs', async () => {
  const { issuing } = answering(
    (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  const read = issuing.read(reading());
  await issuing.close({ revoke: false, signal: never });
  await expect(read).rejects.toThrow('the store is closed');
});

test('a hundred certificates are revoked though some cannot be', async () => {
  const serial = (turn: number) => `aa:${String(turn).padStart(4, '0').replace(/(..)/, '$1:')}`;
  const { issuing, written } = answering((turn) => {
    if (turn <= 100) return { data: { ...good, serial_number: serial(turn) } };
    if (turn % 10 === 0) throw new VaultFault('down', 'no');
    return undefined;
  });
  for (let n = 0; n < 100; n += 1)
    await issuing.read(reading(issuedRef({ commonName: `n${n}.example.com` })));
  const closed = issuing.close({ revoke: true, signal: never });
  await expect(closed).rejects.toThrow('10 of 100 certificates could not be revoked: no');
  const revoked = written.slice(100).map(({ path, body }) => `${path} ${body['serial_number']}`);
  expect(revoked).toEqual(Array.from({ length: 100 }, (_, n) => `pki/revoke ${serial(n + 1)}`));
});

test('what takes too long to be revoked is left to end by itself, and told with what would help', async () => {
  const { issuing } = answering((turn, signal) =>
    turn === 1
      ? { data: good }
      : new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  await issuing.read(reading());
  const closed = issuing.close({ revoke: true, signal: AbortSignal.timeout(20) });
  await expect(closed).rejects.toThrow(
    /1 of 1 certificates could not be revoked: there was no more time.*auto_rebuild/,
  );
});
