import { createPrivateKey } from 'node:crypto';
import { KeyUsageFlags } from '@peculiar/x509';
import { type MadeCertificate, makeCa, makeCertificate } from './certificates.ts';

/** One pair as a user might have it. `fault`: why it must be refused; absent: it is accepted and Envoy loads it. */
export interface PairCase {
  readonly name: string;
  readonly certificate: string;
  readonly privateKey: string;
  readonly fault?: RegExp;
  readonly warning?: RegExp;
  /** What Envoy 1.40.0 makes of the files as they are, without our check. */
  readonly envoyTakesItRaw: boolean;
}

const NAMES = ['a.example.com', '*.b.example.com'];

export async function pairCases(now: number): Promise<readonly PairCase[]> {
  const root = await makeCa();
  const middle = await makeCa({ issuer: root, name: 'middle' });
  const leaf = await makeCertificate({ names: NAMES, issuer: middle });
  const rsa = await makeCertificate({ names: NAMES, issuer: root, algorithm: 'rsa2048' });
  const lone = { certificate: rsa.certificate, privateKey: rsa.privateKey };
  const pair = { certificate: leaf.chain, privateKey: leaf.privateKey };
  return [
    ...(await keyCases()),
    { name: 'a chain', ...pair, envoyTakesItRaw: true },
    {
      name: 'a chain in the wrong order',
      certificate: middle.certificate + leaf.certificate,
      privateKey: leaf.privateKey,
      warning: /put in order/,
      envoyTakesItRaw: false,
    },
    {
      name: 'a chain with its root',
      certificate: leaf.chain + root.certificate,
      privateKey: leaf.privateKey,
      envoyTakesItRaw: true,
    },
    {
      name: 'a member twice',
      certificate: leaf.chain + middle.certificate,
      privateKey: leaf.privateKey,
      envoyTakesItRaw: true,
    },
    { name: 'CRLF', certificate: crlf(leaf.chain), privateKey: crlf(leaf.privateKey), envoyTakesItRaw: true },
    {
      name: 'text around the blocks',
      certificate: `subject=a\n${leaf.certificate}\nissuer=b\n${middle.certificate}the end\n`,
      privateKey: `Bag Attributes\n${leaf.privateKey}`,
      warning: /text outside/,
      envoyTakesItRaw: true,
    },
    {
      name: 'a stranger in the chain (EC and RSA mixed)',
      certificate: leaf.certificate + rsa.certificate,
      privateKey: leaf.privateKey,
      warning: /no part of the chain/,
      envoyTakesItRaw: true,
    },
    {
      name: 'one file for both',
      certificate: leaf.chain + leaf.privateKey,
      privateKey: leaf.chain + leaf.privateKey,
      envoyTakesItRaw: true,
    },
    { name: 'a PKCS #1 key', ...lone, privateKey: reencoded(rsa, 'pkcs1'), envoyTakesItRaw: true },
    { name: 'a SEC1 key', ...pair, privateKey: reencoded(leaf, 'sec1'), envoyTakesItRaw: true },
    {
      name: 'the key of another',
      ...pair,
      privateKey: rsa.privateKey,
      fault: /belongs to none of the certificates/,
      envoyTakesItRaw: false,
    },
    {
      name: 'a key with a password',
      ...pair,
      privateKey: encrypted(leaf),
      fault: /protected by a password/,
      envoyTakesItRaw: false,
    },
    {
      name: 'an old key with a password',
      ...lone,
      privateKey: encryptedOldForm(rsa),
      fault: /protected by a password/,
      envoyTakesItRaw: false,
    },
    {
      name: 'two keys',
      ...pair,
      privateKey: leaf.privateKey + rsa.privateKey,
      fault: /there are 2 private keys/,
      envoyTakesItRaw: true,
    },
    {
      name: 'a key cut off',
      ...pair,
      privateKey: leaf.privateKey.slice(0, -40),
      fault: /does not end|marker out of place/,
      envoyTakesItRaw: false,
    },
    {
      name: 'a certificate cut off',
      ...pair,
      certificate: leaf.chain.slice(0, -200),
      fault: /cut off/,
      envoyTakesItRaw: false,
    },
    {
      name: 'bytes after the end of a certificate',
      ...pair,
      certificate: withJunk(leaf.certificate),
      fault: /bytes after its end/,
      envoyTakesItRaw: false,
    },
    {
      name: 'no certificate',
      ...pair,
      certificate: leaf.privateKey,
      fault: /no CERTIFICATE block/,
      envoyTakesItRaw: false,
    },
    {
      name: 'no key',
      ...pair,
      privateKey: leaf.chain,
      fault: /no PRIVATE KEY block/,
      envoyTakesItRaw: false,
    },
    ...(await dateCases(now, root)),
  ];
}

async function keyCases(): Promise<readonly PairCase[]> {
  const good = ['p256', 'p384', 'p521', 'rsa2048', 'rsa3072'] as const;
  const accepted = good.map(async (algorithm) => ({
    algorithm,
    made: await makeCertificate({ names: NAMES, algorithm }),
  }));
  const small = await makeCertificate({ names: NAMES, algorithm: 'rsa1024' });
  const edwards = await makeCertificate({ names: NAMES, algorithm: 'ed25519' });
  const agree = await makeCertificate({ names: NAMES, keyUsages: KeyUsageFlags.keyAgreement });
  const sign = await makeCertificate({ names: NAMES, keyUsages: KeyUsageFlags.digitalSignature });
  return [
    ...(await Promise.all(accepted)).map(({ algorithm, made }) => ({
      name: algorithm,
      ...made,
      envoyTakesItRaw: true,
    })),
    {
      name: 'rsa1024',
      ...small,
      fault: /the RSA key has 1024 bits; Envoy takes 2048 or more/,
      envoyTakesItRaw: false,
    },
    { name: 'ed25519', ...edwards, warning: /browsers do not take/, envoyTakesItRaw: true },
    { name: 'EC for signatures', ...sign, envoyTakesItRaw: true },
    { name: 'EC that may not sign', ...agree, fault: /lacks digitalSignature/, envoyTakesItRaw: false },
  ];
}

async function dateCases(now: number, root: MadeCertificate): Promise<readonly PairCase[]> {
  const day = 86_400_000;
  const expired = await makeCertificate({ names: NAMES, from: new Date(now - 2 * day), days: 1 });
  const future = await makeCertificate({ names: NAMES, from: new Date(now + 600_000) });
  const skewed = await makeCertificate({ names: NAMES, from: new Date(now + 60_000) });
  const justOver = await makeCertificate({ names: NAMES, from: new Date(now - day - 60_000), days: 1 });
  const oldMiddle = await makeCa({ issuer: root, name: 'old', from: new Date(now - 2 * day), days: 1 });
  const under = await makeCertificate({ names: NAMES, issuer: oldMiddle });
  return [
    { name: 'expired', ...expired, fault: /expired on/, envoyTakesItRaw: true },
    {
      name: 'an expired member',
      ...under,
      certificate: under.chain,
      fault: /CN=old expired on/,
      envoyTakesItRaw: true,
    },
    { name: 'not yet valid', ...future, fault: /is valid only from/, envoyTakesItRaw: true },
    { name: 'valid in a minute (clock skew)', ...skewed, envoyTakesItRaw: true },
    { name: 'over for a minute (clock skew)', ...justOver, envoyTakesItRaw: true },
  ];
}

function crlf(text: string): string {
  return text.replaceAll('\n', '\r\n');
}

function reencoded(made: MadeCertificate, type: 'pkcs1' | 'sec1'): string {
  return createPrivateKey(made.privateKey).export({ format: 'pem', type }).toString();
}

function encrypted(made: MadeCertificate): string {
  const form = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
  return createPrivateKey(made.privateKey).export(form).toString();
}

function encryptedOldForm(made: MadeCertificate): string {
  const form = { format: 'pem', type: 'pkcs1', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
  return createPrivateKey(made.privateKey).export(form).toString();
}

function withJunk(pem: string): string {
  const der = Buffer.from(pem.replaceAll(/-----.*-----|\n/g, ''), 'base64');
  const lines =
    Buffer.concat([der, Buffer.from('junk')])
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
