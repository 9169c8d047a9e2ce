import { createHmac, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { MusterError } from '../../errors.ts';
import { SecretBytes } from '../../secret-bytes.ts';
import type { SecretStore, SecretStoreAdapter, SecretStoreContext } from '../store.ts';

/** `secretStores.*.env`. */
const options = z.strictObject({
  prefix: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a prefix of variable names, such as SHOP_')
    .optional()
    .describe('Only variables that begin with it are read; default: all but those of muster itself'),
});

const ref = z.strictObject({
  variable: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable is written like SHOP_TOKEN')
    .describe('Environment variable of the muster process that holds the value'),
});

type EnvOptions = z.infer<typeof options>;
type EnvRef = z.infer<typeof ref>;

/** Tokens from environment variables. What a process was started with never changes: rotation is a restart. */
export const envStore: SecretStoreAdapter<EnvOptions, EnvRef> = {
  kind: 'env',
  schema: options,
  refs: { value: ref },
  create: (written, context) => createEnvStore(written, context, process.env),
};

type Environment = Readonly<Record<string, string | undefined>>;

export function createEnvStore(
  { prefix }: EnvOptions,
  { hmacKey }: SecretStoreContext,
  environment: Environment,
): SecretStore {
  const key = hmacKey ?? new SecretBytes(randomBytes(32));
  return {
    async read(written) {
      const { variable } = ref.parse(written);
      refuseForeign(variable, prefix);
      const text = environment[variable];
      if (text === undefined || text === '') return undefined;
      const value = SecretBytes.fromUtf8(text);
      return { version: createHmac('sha256', key.reveal()).update(text).digest('hex'), parts: { value } };
    },
  };
}

/** muster's own settings hold the seal key and such: no config may hand them on. */
function refuseForeign(variable: string, prefix: string | undefined): void {
  if (prefix !== undefined && !variable.startsWith(prefix)) {
    throw new MusterError('secret_failed', `the store reads only variables that begin with ${prefix}`);
  }
  if (/^MUSTER_/.test(variable)) {
    throw new MusterError(
      'secret_failed',
      `${variable} is a setting of muster itself, and no secret to be handed on`,
    );
  }
}
