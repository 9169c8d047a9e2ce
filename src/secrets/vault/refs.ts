import { isIP } from 'node:net';
import { z } from 'zod';
import { durationMs } from '../../duration.ts';
import { vaultName, vaultPath } from './names.ts';

const field = z.string().min(1).max(256);

const kv = {
  mount: vaultPath.describe('Where the KV engine is mounted'),
  path: vaultPath.describe('The secret below it; without the data/ of version 2'),
  version: z.int().min(1).optional().describe('Only this version (KV version 2); default the newest'),
  engine: z
    .union([z.literal(1), z.literal(2)])
    .optional()
    .describe('Version of the KV engine; default: asked of Vault'),
};

const kvPair = z.strictObject({
  ...kv,
  certificate: field.describe('Field with the PEM of the chain, its leaf first'),
  privateKey: field.describe('Field with the PEM of the key of the leaf'),
});
const kvBundle = z.strictObject({ ...kv, bundle: field.describe('One field with the chain and its key') });
const kvCa = z.strictObject({
  ...kv,
  certificates: field.describe('Field with the PEM of the authorities that are trusted'),
  crl: field.optional().describe('Field with the PEM of what they revoked; default none'),
});
const kvValue = z.strictObject({ ...kv, field: field.describe('Field whose text is the secret') });
const kvKeys = z.strictObject({
  ...kv,
  keys: field.describe('Field with a key of 80 bytes in base64 on each line, the newest first'),
});

const name = z.string().min(1).max(253);
const hostname = name.regex(/^[^\s,]+$/, 'one name, without blanks or commas');
const ip = name.refine((text) => isIP(text) !== 0, 'an address like 10.0.0.7 or fd00::7');
const uri = name.refine((text) => URL.canParse(text), 'a URI like spiffe://example.com/shop');

const list = (one: z.ZodType<string>, what: string) => z.array(one).max(100).default([]).describe(what);

/** Stays text: a reference is parsed again where it is read. */
const life = z.string().superRefine((text, context) => {
  const { data, error } = durationMs.safeParse(text);
  const message = data === undefined ? error?.issues[0]?.message : data < 60_000 ? 'at least 1m' : undefined;
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const issued = z
  .strictObject({
    mount: vaultPath.describe('Where the PKI engine is mounted'),
    role: vaultName.describe('The role that says what may be issued'),
    commonName: name.describe('The name of the certificate'),
    altNames: list(hostname, 'More DNS names. Default none'),
    ipSans: list(ip, 'IP addresses. Default none'),
    uriSans: list(uri, 'URIs. Default none'),
    ttl: life
      .optional()
      .describe("How long it is valid; default the role's. It is issued anew at two thirds"),
    keyType: z
      .enum(['ec', 'rsa', 'ed25519'])
      .optional()
      .describe(
        'The key is then made here and only signed there (<mount>/sign/<role>). Default: made by the role',
      ),
    keyBits: z
      .int()
      .optional()
      .describe('256, 384 or 521 for ec (default 256); 2048 to 4096 for rsa (default 2048)'),
  })
  .superRefine(({ keyType, keyBits }, context) => {
    const message = keyBitsFault(keyType, keyBits);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['keyBits'], message });
  });

const pkiTls = z.strictObject({ pki: issued.describe('A certificate issued to us by the PKI engine') });
const pkiCa = z.strictObject({
  pki: z
    .strictObject({
      mount: vaultPath.describe('Where the PKI engine is mounted'),
      crl: z.boolean().default(false).describe('Also what it revoked. Default false'),
    })
    .describe('The CA chain of a PKI engine'),
});

export const tlsVaultRef = z.union(
  [kvPair, kvBundle, pkiTls],
  'write mount and path with certificate and privateKey, or with bundle; or pki with mount, role and commonName',
);
export const caVaultRef = z.union([kvCa, pkiCa], 'write mount and path with certificates, or pki with mount');
export const valueVaultRef = kvValue;
export const ticketKeysVaultRef = kvKeys;

export const vaultRef = z.union([kvPair, kvBundle, kvCa, kvValue, kvKeys, pkiTls, pkiCa]);

export type VaultRef = z.infer<typeof vaultRef>;
export type KvRef = z.infer<typeof kvPair | typeof kvBundle | typeof kvCa | typeof kvValue | typeof kvKeys>;
export type IssuedRef = z.infer<typeof pkiTls>['pki'];
export type PkiCaRef = z.infer<typeof pkiCa>['pki'];

const KEY_BITS: Readonly<Record<'ec' | 'rsa' | 'ed25519', readonly number[]>> = {
  ec: [256, 384, 521],
  rsa: [2048, 3072, 4096],
  ed25519: [],
};

function keyBitsFault(
  keyType: 'ec' | 'rsa' | 'ed25519' | undefined,
  keyBits: number | undefined,
): string | undefined {
  if (keyBits === undefined) return undefined;
  if (keyType === undefined) return 'goes with keyType: without it the role decides';
  const known = KEY_BITS[keyType];
  if (known.includes(keyBits)) return undefined;
  return known.length === 0 ? `an ${keyType} key has one size only` : `one of ${known.join(', ')}`;
}
