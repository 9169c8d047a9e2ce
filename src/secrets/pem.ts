/** One block of a PEM file, its base64 undone. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, ... */
  readonly label: string;
  readonly der: Buffer;
  /** Header lines of the old OpenSSL form are there: the content is encrypted. */
  readonly encrypted: boolean;
}

export interface PemBlocks {
  readonly blocks: readonly PemBlock[];
  /** Text outside the blocks that is more than white space. */
  readonly stray: boolean;
}

/** A fault of the form of a PEM text, in words that hold nothing of its content. */
export class PemFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PemFault';
  }
}

/** The bundle of all public authorities has a fifth of it. */
const MAX_BYTES = 1024 * 1024;
/** No PEM begins with it, every certificate and key in DER does. */
const DER_SEQUENCE = 0x30;
const BEGIN = /^-----BEGIN ([A-Z0-9 ]+)-----$/;

/**
 * Splits a PEM text. Line ends may be LF or CRLF. What is cut off, nested or not base64 is a fault:
 * Envoy's parser and others disagree on what to make of it.
 */
export function splitPem(bytes: Uint8Array): PemBlocks {
  refuseOdd(bytes);
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('latin1')
    .split(/\r?\n/);
  const blocks: PemBlock[] = [];
  let stray = false;
  for (let at = 0; at < lines.length; at += 1) {
    const line = (lines[at] ?? '').trimEnd();
    const label = BEGIN.exec(line)?.[1];
    if (label === undefined) {
      if (line.includes('-----')) throw new PemFault(`line ${at + 1} is a PEM marker out of place`);
      stray ||= line.trim() !== '';
      continue;
    }
    const end = endOf(label, lines, at + 1);
    if (end === undefined)
      throw new PemFault(`the ${label} that begins in line ${at + 1} does not end: the file is cut off`);
    blocks.push(readBlock(label, lines.slice(at + 1, end), at + 1));
    at = end;
  }
  return { blocks, stray };
}

function refuseOdd(bytes: Uint8Array): void {
  if (bytes.length > MAX_BYTES)
    throw new PemFault(`it has ${bytes.length} bytes; PEM of more than ${MAX_BYTES} is a mistake`);
  if (bytes[0] === DER_SEQUENCE)
    throw new PemFault(
      'it is binary (DER or PKCS #12), not PEM: convert it with openssl x509 -inform der, openssl pkey -inform der or openssl pkcs12 -nodes',
    );
}

function endOf(label: string, lines: readonly string[], from: number): number | undefined {
  for (let at = from; at < lines.length; at += 1) {
    if (lines[at]?.trimEnd() === `-----END ${label}-----`) return at;
  }
  return undefined;
}

/** The one form we hand on: 64 columns, LF, nothing between the blocks. */
export function joinPem(label: string, ders: readonly Uint8Array[]): Buffer {
  return Buffer.from(ders.map((der) => pemText(label, der)).join(''), 'latin1');
}

function pemText(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function readBlock(label: string, lines: readonly string[], begin: number): PemBlock {
  const body = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.includes(': '));
  const encrypted = lines.some((line) => line.startsWith('Proc-Type:') && line.includes('ENCRYPTED'));
  const text = body.join('');
  if (text === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw new PemFault(`the ${label} that begins in line ${begin} is not whole base64`);
  }
  const der = Buffer.from(text, 'base64');
  if (!encrypted && !isOneSequence(der)) {
    throw new PemFault(`the ${label} that begins in line ${begin} is cut off, or has bytes after its end`);
  }
  return { label, der, encrypted };
}

/** Whether the bytes are exactly one DER sequence by its own length. */
function isOneSequence(der: Buffer): boolean {
  const [tag, first] = der;
  if (tag !== 0x30 || first === undefined) return false;
  if (first < 0x80) return der.length === 2 + first;
  const size = first & 0x7f;
  if (size === 0 || size > 4 || der.length < 2 + size) return false;
  return der.length === 2 + size + der.readUIntBE(2, size);
}
