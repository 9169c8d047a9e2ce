import { SecretBytes } from '../secret-bytes.ts';
import type { CheckedSecret, SecretParts } from '../secrets/store.ts';

/** The parts from which the check makes this very secret again. */
export function partsOf(secret: CheckedSecret): SecretParts {
  switch (secret.kind) {
    case 'tls':
      return { certificate: new SecretBytes(secret.certificateChain), privateKey: secret.privateKey };
    case 'ca': {
      const crl = secret.crl === undefined ? {} : { crl: new SecretBytes(secret.crl) };
      return { certificates: new SecretBytes(secret.certificates), ...crl };
    }
    case 'sessionTicketKeys': {
      // Lines of base64: raw keys could by chance read as such lines.
      const lines = secret.keys.map((key) => Buffer.from(key.reveal()).toString('base64'));
      return { keys: SecretBytes.fromUtf8(lines.join('\n')) };
    }
    case 'value':
      return { value: secret.value };
  }
}

/** Each part as length and bytes of its name, length and bytes of its content (lengths of 4 bytes). */
export function packParts(parts: SecretParts): Buffer {
  const fields = Object.entries(parts).flatMap(([name, part]) => [Buffer.from(name), part.reveal()]);
  const bytes = Buffer.alloc(fields.reduce((sum, field) => sum + 4 + field.length, 0));
  let at = 0;
  for (const field of fields) {
    at = bytes.writeUInt32BE(field.length, at);
    bytes.set(field, at);
    at += field.length;
  }
  return bytes;
}

/** Of what `packParts` wrote, and nothing else: it was proved whole before. */
export function unpackParts(bytes: Buffer): SecretParts {
  const fields: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  const names = fields.filter((_, n) => n % 2 === 0).map((name) => name.toString('utf8'));
  const contents = fields.filter((_, n) => n % 2 === 1).map((content) => new SecretBytes(content));
  return Object.fromEntries(contents.map((content, n) => [names[n] ?? '', content]));
}
