import type { SecretKind } from '../model/config.ts';
import type { Checked } from './checked.ts';
import { checkCa } from './material-ca.ts';
import { checkTicketKeys } from './material-ticket-keys.ts';
import { checkTls } from './material-tls.ts';
import { PemFault } from './pem.ts';
import type { SecretVersion } from './store.ts';

/** A generic secret longer than this is a file by mistake. */
const MAX_VALUE_BYTES = 64 * 1024;

/**
 * Whether what a store gave may be served. A secret that passes is one Envoy loads: its PEM is
 * written anew in the plainest form, so that no difference between parsers is left.
 * `now` in epoch milliseconds.
 */
export function checkMaterial(
  kind: SecretKind,
  version: Pick<SecretVersion, 'version' | 'parts'>,
  now: number,
): Checked {
  try {
    switch (kind) {
      case 'tls':
        return checkTls(version, now);
      case 'ca':
        return checkCa(version, now);
      case 'sessionTicketKeys':
        return checkTicketKeys(version);
      case 'value':
        return checkValue(version);
    }
  } catch (error) {
    if (error instanceof PemFault) return { problem: error.message, warnings: [] };
    throw error;
  }
}

function checkValue(version: Pick<SecretVersion, 'version' | 'parts'>): Checked {
  const value = version.parts['value'];
  if (value === undefined || value.length === 0) return { problem: 'the value is empty', warnings: [] };
  if (value.length > MAX_VALUE_BYTES) {
    return {
      problem: `the value has ${value.length} bytes; at most ${MAX_VALUE_BYTES} are served`,
      warnings: [],
    };
  }
  return { secret: { kind: 'value', version: version.version, value }, warnings: [] };
}
