import { hash } from 'node:crypto';

/** 128 bits of SHA-256 in hex: the version of a resource is that of its bytes, equal on every replica (rule A6). */
export function contentVersion(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 32);
}

/** Odd multipliers, one for each word: what collides in one does not in the others. */
const MULTIPLIERS = [0x01000193, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f] as const;

/**
 * A hash over a set of named versions that does not depend on their order and can be brought up to
 * date by what changed: the sum of the members' hashes, word by word. Not cryptographic: versions
 * are content hashes already.
 */
export class SetHash {
  readonly #words: Uint32Array;

  constructor(words: Uint32Array = new Uint32Array(MULTIPLIERS.length)) {
    this.#words = words;
  }

  copy(): SetHash {
    return new SetHash(this.#words.slice());
  }

  add(name: string, version: string): void {
    this.#combine(name, version, 1);
  }

  remove(name: string, version: string): void {
    this.#combine(name, version, -1);
  }

  toString(): string {
    return [...this.#words].map((word) => word.toString(16).padStart(8, '0')).join('');
  }

  #combine(name: string, version: string, sign: 1 | -1): void {
    const words = this.#words;
    for (let word = 0; word < MULTIPLIERS.length; word += 1) {
      const multiplier = MULTIPLIERS[word] ?? 1;
      const hashed = hashText(version, hashText(name, multiplier, multiplier) ^ name.length, multiplier);
      // Uint32Array wraps: the sum is modulo 2^32.
      words[word] = (words[word] ?? 0) + sign * (hashed >>> 0);
    }
  }
}

/** FNV-1a with another multiplier, and a last mix so that sums of close values do not cancel. */
function hashText(text: string, start: number, multiplier: number): number {
  let value = start;
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), multiplier);
    value ^= value >>> 15;
  }
  value = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  return value ^ (value >>> 13);
}
