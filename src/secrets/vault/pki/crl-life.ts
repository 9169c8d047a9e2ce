import { PemFault, splitPem } from '../../pem.ts';

interface Life {
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** When this share of its life is over, Vault should have made the next one (it does at 5/6 by default). */
const LATE = 0.9;

/**
 * Vault makes a new revocation list when something is revoked, and else only where it is told to:
 * one that has ended lets nobody in any more, so it is said before.
 */
export function crlWarnings(mount: string, pem: Uint8Array, now: number): readonly string[] {
  const life = crlLife(pem);
  if (life === undefined || now < life.from + (life.to - life.from) * LATE) return [];
  const ends = `${now < life.to ? 'ends' : 'ended'} at ${new Date(life.to).toISOString()}`;
  return [
    `the revocation list of ${mount} ${ends}, from when on every certificate checked by it is refused: set auto_rebuild in ${mount}/config/crl`,
  ];
}

/** Undefined: it says no end, or is damaged, which the check of the secret tells. */
function crlLife(pem: Uint8Array): Life | undefined {
  try {
    const [block] = splitPem(pem).blocks;
    return block === undefined ? undefined : lifeOf(block.der);
  } catch (error) {
    if (error instanceof PemFault || error instanceof RangeError) return undefined;
    throw error;
  }
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

/** RFC 5280, 5.1: of the list that is signed, what stands before its entries. */
function lifeOf(der: Buffer): Life | undefined {
  const list = elementAt(der, elementAt(der, 0).start);
  let at = list.start;
  const next = () => {
    const element = elementAt(der, at);
    at = element.end;
    return element;
  };
  const first = next();
  const algorithm = first.tag === INTEGER ? next() : first;
  const issuer = next();
  if (algorithm.tag !== SEQUENCE || issuer.tag !== SEQUENCE) return undefined;
  const from = timeOf(der, next());
  const to = timeOf(der, next());
  return from === undefined || to === undefined ? undefined : { from, to };
}

interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** Throws RangeError past the end. */
function elementAt(der: Buffer, at: number): Element {
  const tag = der.readUInt8(at);
  const length = der.readUInt8(at + 1);
  if (length < 0x80) return { tag, start: at + 2, end: at + 2 + length };
  const size = length & 0x7f;
  if (size === 0 || size > 4) throw new RangeError('a length of DER has one to four bytes');
  const start = at + 2 + size;
  return { tag, start, end: start + der.readUIntBE(at + 2, size) };
}

function timeOf(der: Buffer, { tag, start, end }: Element): number | undefined {
  const text = der.subarray(start, end).toString('latin1');
  const [, year, month, day, hour, minute, second] =
    /^(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  if (year === undefined || (tag !== UTC_TIME && tag !== GENERALIZED_TIME)) return undefined;
  const century = tag === GENERALIZED_TIME ? '' : Number(year) < 50 ? '20' : '19';
  const time = Date.parse(`${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}
