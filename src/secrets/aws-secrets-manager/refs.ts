import { z } from 'zod';

const text = z.string().min(1, 'must not be empty').max(512);
const field = text.describe('Key in the JSON object that the secret holds, exactly as it is written there');

const name = z
  .string()
  .regex(/^[\w/+=.@-]{1,512}$/, 'a name has letters, digits and / _ + = . @ -')
  .describe('Name of the secret');

const arn = z
  .string()
  .regex(
    /^arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[\w/+=.@-]{1,512}$/,
    'write arn:aws:secretsmanager:<region>:<account>:secret:<name>',
  )
  .describe('ARN of the secret, in place of its name; needed for one of another account');

const stage = z
  .string()
  .min(1, 'must not be empty')
  .max(256)
  .refine(
    (label) => label !== 'AWSPENDING',
    'AWSPENDING is a version that is not tested yet, and may be empty: it is never served',
  )
  .default('AWSCURRENT')
  .describe('Staging label of the version; default AWSCURRENT');

/** The fields beside the one of `name` and `arn` that names the secret. */
function placed<Fields extends z.ZodRawShape>(fields: Fields) {
  return z.union(
    [z.strictObject({ name, stage, ...fields }), z.strictObject({ arn, stage, ...fields })],
    'name the secret by exactly one of name and arn',
  );
}

const tls = placed({
  certificate: field.optional().describe('Field with the chain in PEM, its leaf first'),
  privateKey: field
    .optional()
    .describe('Field with the key in PEM; without both fields the secret is one PEM text with chain and key'),
}).refine(
  ({ certificate, privateKey }) => (certificate === undefined) === (privateKey === undefined),
  'write certificate and privateKey, or none of them: then the whole secret is chain and key',
);

const ca = placed({
  certificates: field.optional().describe('Field with the authorities in PEM; default: all of the secret'),
  crl: field.optional().describe('Field with what they revoked in PEM; default none'),
}).refine(
  ({ certificates, crl }) => crl === undefined || certificates !== undefined,
  'crl is a field beside the field certificates: write that too',
);

const one = placed({
  field: field.optional().describe('Field that is the secret; default: all of the secret, text or bytes'),
});

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

type Place = ({ readonly name: string } | { readonly arn: string }) & { readonly stage: string };

function refOf(place: Place, parts: AwsRef['parts']): AwsRef {
  return { id: 'arn' in place ? place.arn : place.name, stage: place.stage, parts };
}
