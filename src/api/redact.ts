import { REDACTED } from '../secret-bytes.ts';

const SECRET_TYPE = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';

/** The parts of a Secret message that anyone may see; every other leaf is taken for a secret. */
const PUBLIC_PARTS = new Set(['@type', 'name', 'certificateChain', 'trustedCa', 'crl']);

/** Fields of other messages whose content Envoy itself marks as sensitive. */
const SENSITIVE_FIELDS = new Set([
  'privateKey',
  'password',
  'inlinePrivateKey',
  'sessionTicketKeys',
  'clientSecret',
  'hmacSecret',
]);

/**
 * Canonical proto JSON of one resource with every secret byte replaced by `[redacted]`. By type,
 * not by caller: no role may read a key through muster.
 */
export function redactResource(typeUrl: string, json: unknown): unknown {
  return typeUrl === SECRET_TYPE ? redactSecret(json) : redactFields(json);
}

function redactSecret(json: unknown): unknown {
  return mapEntries(json, (key, value) => {
    if (PUBLIC_PARTS.has(key)) return value;
    return isContainer(value) ? redactSecret(value) : REDACTED;
  });
}

function redactFields(json: unknown): unknown {
  if (isSecretMessage(json)) return redactSecret(json);
  return mapEntries(json, (key, value) => (SENSITIVE_FIELDS.has(key) ? blank(value) : redactFields(value)));
}

/** Every leaf gone, the shape kept, so that a reader sees what is set. */
function blank(value: unknown): unknown {
  return isContainer(value) ? mapEntries(value, (_key, inner) => blank(inner)) : REDACTED;
}

function mapEntries(json: unknown, map: (key: string, value: unknown) => unknown): unknown {
  if (Array.isArray(json)) return json.map((item: unknown) => map('', item));
  if (!isContainer(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, map(key, value)]));
}

function isSecretMessage(json: unknown): boolean {
  return isContainer(json) && '@type' in json && json['@type'] === SECRET_TYPE;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
