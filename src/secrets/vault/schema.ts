import { z } from 'zod';
import { durationMs } from '../../duration.ts';
import { vaultAddress } from './addresses.ts';
import { filePath, vaultAuth } from './auth-schema.ts';
import { vaultPath } from './names.ts';

const tls = z
  .strictObject({
    ca: filePath.optional().describe("PEM file of the authorities trusted instead of the system's"),
    certificate: filePath.optional().describe('PEM file of our own certificate'),
    privateKey: filePath.optional().describe('PEM file of its key'),
    serverName: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe("The name in Vault's certificate; default the host"),
  })
  .refine(
    (one) => (one.certificate === undefined) === (one.privateKey === undefined),
    'certificate and privateKey come together',
  );

/** `secretStores.*.vault`. */
export const vaultOptions = z
  .strictObject({
    address: vaultAddress.describe('https://host:8200; http:// only for loopback'),
    followTo: z
      .array(vaultAddress)
      .max(20)
      .default([])
      .describe('Where a standby may send us (307): addresses like the one above. Default nowhere else'),
    namespace: vaultPath.optional().describe('Sent as X-Vault-Namespace'),
    tls: tls.optional().describe('How Vault is recognised over https; it is always verified'),
    auth: vaultAuth.describe('How muster logs in: exactly one method'),
    interval: durationMs
      .refine((ms) => ms >= 1000 && ms <= 86_400_000, 'from 1s to 24h')
      .prefault('15s')
      .describe('How often it is looked whether a secret has a new version. Default 15s'),
    revokeOnShutdown: z
      .boolean()
      .default(false)
      .describe('Give back our login and the certificates issued to us when muster ends. Default false'),
  })
  .superRefine(({ address, tls, auth }, context) => {
    const fault = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (tls !== undefined && address.startsWith('http:'))
      fault(['tls'], 'means nothing over http: write an https address');
    if (auth.certificate !== undefined && tls?.certificate === undefined)
      fault(['auth', 'certificate'], 'logs in with tls.certificate and tls.privateKey, which are not there');
  });

export type VaultOptions = z.infer<typeof vaultOptions>;
