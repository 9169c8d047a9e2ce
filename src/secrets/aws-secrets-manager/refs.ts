import { z } from 'zod';

const text = z.string().min(1, 'must not be empty').max(512);
const field = text.describe('Key in the JSON object that the secret holds, exactly as it is written there');

const place = {
  name: z
    .string()
    .regex(/^[\w/+=.@-]{1,512}$/, 'a name has letters, digits and / _ + = . @ -')
    .optional()
    .describe('Name of the secret'),
  arn: z
    .string()
    .regex(
      /^arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[\w/+=.@-]{1,512}$/,
      'write arn:aws:secretsmanager:<region>:<account>:secret:<name>',
    )
    .optional()
    .describe('ARN of the secret, in place of its name; needed for one of another account'),
  stage: z
    .string()
    .min(1, 'must not be empty')
    .max(256)
    .refine(
      (stage) => stage !== 'AWSPENDING',
      'AWSPENDING is a version that is not tested yet, and may be empty: it is never served',
    )
    .default('AWSCURRENT')
    .describe('Staging label of the version; default AWSCURRENT'),
};

const oneOf = ({ name, arn }: { name?: string | undefined; arn?: string | undefined }): boolean =>
  (name === undefined) !== (arn === undefined);
const ONE_OF = 'name the secret by exactly one of name and arn';

const tls = z
  .strictObject({
    ...place,
    certificate: field.optional().describe('Field with the chain in PEM, its leaf first'),
    privateKey: field
      .optional()
      .describe(
        'Field with the key in PEM; without both fields the secret is one PEM text with chain and key',
      ),
  })
  .refine(oneOf, ONE_OF)
  .refine(
    ({ certificate, privateKey }) => (certificate === undefined) === (privateKey === undefined),
    'write certificate and privateKey, or none of them: then the whole secret is chain and key',
  );

const ca = z
  .strictObject({
    ...place,
    certificates: field
      .optional()
      .describe('Field with the authorities in PEM; default: the whole secret is them'),
    crl: field.optional().describe('Field with what they revoked in PEM; default none'),
  })
  .refine(oneOf, ONE_OF)
  .refine(
    ({ certificates, crl }) => crl === undefined || certificates !== undefined,
    'crl is a field beside the field certificates: write that too',
  );

const one = z
  .strictObject({
    ...place,
    field: field
      .optional()
      .describe('Field that is the secret; default: all that the secret holds, text or bytes'),
  })
  .refine(oneOf, ONE_OF);

/** What is read, whichever kind of secret it is for. */
export const awsRef = z.strictObject({
  /** Name or ARN. */
  id: z.string(),
  stage: z.string(),
  /** Each part of the secret by the field that holds it; null: all of the secret. */
  parts: z.record(z.string(), z.string().nullable()),
});

export type AwsRef = z.infer<typeof awsRef>;

export const tlsRef = tls.transform((ref) =>
  refOf(ref, { certificate: ref.certificate ?? null, privateKey: ref.privateKey ?? null }),
);

export const caRef = ca.transform((ref) =>
  refOf(ref, { certificates: ref.certificates ?? null, ...(ref.crl === undefined ? {} : { crl: ref.crl }) }),
);

export const ticketKeysRef = one.transform((ref) => refOf(ref, { keys: ref.field ?? null }));

export const valueRef = one.transform((ref) => refOf(ref, { value: ref.field ?? null }));

interface Place {
  readonly name?: string | undefined;
  readonly arn?: string | undefined;
  readonly stage: string;
}

function refOf({ name, arn, stage }: Place, parts: AwsRef['parts']): AwsRef {
  return { id: arn ?? name ?? '', stage, parts };
}
