import { z } from 'zod';

const file = z
  .string()
  .min(1)
  .refine((text) => !text.includes('\0'), 'a path holds no NUL');

/** `secretStores.*.file`. */
export const fileStoreOptions = z.strictObject({
  directory: file
    .optional()
    .describe(
      'Paths start here and must not lead out of it; default: the folder of the config, absolute paths allowed',
    ),
});

export const tlsFileRef = z.union(
  [
    z.strictObject({
      certificate: file.describe('PEM file of the chain, its leaf first'),
      privateKey: file.describe('PEM file of the key of the leaf'),
    }),
    z.strictObject({ bundle: file.describe('One PEM file with the chain and its key') }),
    z.strictObject({
      directory: file.describe('Holds tls.crt and tls.key, or fullchain.pem and privkey.pem'),
    }),
  ],
  'write certificate and privateKey, or bundle, or directory',
);

export const caFileRef = z.strictObject({
  certificates: file.describe('PEM file of the authorities that are trusted'),
  crl: file.optional().describe('PEM file of what they revoked; default none'),
});

export const ticketKeysFileRef = z.strictObject({
  keys: file.describe('File of keys of 80 bytes, the newest first: raw, or one in base64 on each line'),
});

export const valueFileRef = z.strictObject({
  path: file.describe('File whose bytes are the secret'),
  trim: z.boolean().default(true).describe('Leave out line ends at the end of the file; default true'),
});

export const fileRef = z.union([tlsFileRef, caFileRef, ticketKeysFileRef, valueFileRef]);

export type FileRef = z.infer<typeof fileRef>;
export type FileStoreOptions = z.infer<typeof fileStoreOptions>;
