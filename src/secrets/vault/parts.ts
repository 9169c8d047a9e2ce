import { SecretBytes } from '../../secret-bytes.ts';
import type { SecretParts } from '../store.ts';
import { VaultFault } from './fault.ts';
import type { KvRef } from './refs.ts';

type Fields = Readonly<Record<string, unknown>>;

const MOST_NAMES = 10;

/** The parts of a secret out of the fields of a KV entry, as the reference maps them. */
export function partsOf(ref: KvRef, fields: Fields): SecretParts {
  const get = (field: string) => textField(ref, fields, field);
  if ('bundle' in ref) return { certificate: get(ref.bundle), privateKey: get(ref.bundle) };
  if ('privateKey' in ref) return { certificate: get(ref.certificate), privateKey: get(ref.privateKey) };
  if ('keys' in ref) return { keys: get(ref.keys) };
  if ('field' in ref) return { value: get(ref.field) };
  const crl = ref.crl === undefined ? {} : { crl: get(ref.crl) };
  return { certificates: get(ref.certificates), ...crl };
}

function textField({ mount, path }: KvRef, fields: Fields, field: string): SecretBytes {
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (typeof value === 'string') return SecretBytes.fromUtf8(value);
  const place = `${mount}/${path}`;
  if (value !== undefined && value !== null)
    throw new VaultFault('refused', `the field "${field}" of ${place} is no text`);
  const names = Object.keys(fields).sort();
  const known = names.slice(0, MOST_NAMES).join(', ');
  const there =
    names.length === 0 ? 'it has none' : `it has ${known}${names.length > MOST_NAMES ? ', ...' : ''}`;
  throw new VaultFault('refused', `${place} has no field "${field}"; ${there}`);
}
