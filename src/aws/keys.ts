import { z } from 'zod';
import { MusterError } from '../errors.ts';
import type { SecretBytes } from '../secret-bytes.ts';

const part = z.string().min(1).max(8192);

const awsKeys = z.object({
  accessKeyId: part,
  secretAccessKey: part,
  sessionToken: part.optional(),
});

/** Access keys in the clear: they go to the SDK, never into a text. */
export type AwsKeys = z.infer<typeof awsKeys>;

/** The keys that a secret of kind `value` holds as JSON. What it throws quotes nothing of it. */
export function readAwsKeys(name: string, secret: SecretBytes | undefined): AwsKeys {
  if (secret === undefined)
    throw keysFault(name, 'is not read yet, or cannot be read: see its own line in `muster status`');
  const parsed = awsKeys.safeParse(jsonOf(secret));
  if (!parsed.success)
    throw keysFault(
      name,
      'must be JSON such as {"accessKeyId": "...", "secretAccessKey": "..."}, with sessionToken for keys of a session',
    );
  return parsed.data;
}

function jsonOf(secret: SecretBytes): unknown {
  try {
    return JSON.parse(Buffer.from(secret.reveal()).toString('utf8'));
  } catch {
    return undefined; // The parser's own words quote the text.
  }
}

function keysFault(name: string, what: string): MusterError {
  return new MusterError('secret_failed', `the access keys: the secret "${name}" ${what}`);
}
