import { SecretBytes } from '../../secret-bytes.ts';
import type { SecretParts } from '../store.ts';
import type { SecretValue } from './calls.ts';
import type { AwsRef } from './refs.ts';

/** The parts of a secret, or what is wrong with it in words that quote nothing of it. */
export type PartsOrProblem =
  | { readonly parts: SecretParts; readonly problem?: undefined }
  | { readonly parts?: undefined; readonly problem: string };

/** Takes the parts that a reference names out of a value. */
export function partsOf(value: SecretValue, ref: AwsRef): PartsOrProblem {
  const parts: Record<string, SecretBytes> = {};
  let fields: ReadonlyMap<string, unknown> | undefined;
  for (const [part, field] of Object.entries(ref.parts)) {
    if (field === null) {
      parts[part] = value.bytes;
      continue;
    }
    fields ??= fieldsOf(value);
    const held = fields?.get(field);
    if (fields === undefined || typeof held !== 'string')
      return { problem: fieldProblem(field, fields, value.text) };
    parts[part] = SecretBytes.fromUtf8(held);
  }
  return { parts };
}

/** Undefined: it is no JSON object. */
function fieldsOf({ bytes }: SecretValue): ReadonlyMap<string, unknown> | undefined {
  try {
    const data: unknown = JSON.parse(Buffer.from(bytes.reveal()).toString('utf8'));
    if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
    return new Map(Object.entries(data));
  } catch {
    return undefined; // The parser's own words quote the text.
  }
}

function fieldProblem(
  field: string,
  fields: ReadonlyMap<string, unknown> | undefined,
  text: boolean,
): string {
  const asked = `the field ${JSON.stringify(field)} is asked for`;
  if (fields === undefined)
    return `${asked}, but the secret is no JSON object${text ? '' : ': it holds bytes'}; leave the field out to take all of it`;
  const held = fields.get(field);
  if (held === undefined) return `${asked}, but the JSON of the secret has no such field`;
  const kind = held === null ? 'null' : Array.isArray(held) ? 'a list' : `of type ${typeof held}`;
  return `${asked}, but it must be text in the JSON of the secret, and is ${kind}`;
}
