import { hash } from 'node:crypto';

/** 128 bits of SHA-256 in hex: the version of a resource is that of its bytes, equal on every replica (rule A6). */
export function contentVersion(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 32);
}

const WORDS = 4;

/**
 * A hash over a set of named versions that does not depend on their order and can be brought up to
 * date by what changed: the sum of the members' hashes, word by word.
 */
export class SetHash {
  readonly #words: Uint32Array;

  constructor(words: Uint32Array = new Uint32Array(WORDS)) {
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
    const digest = hash('sha256', `${name}\0${version}`, 'buffer');
    for (let word = 0; word < WORDS; word += 1) {
      // Uint32Array wraps: the sum is modulo 2^32.
      this.#words[word] = (this.#words[word] ?? 0) + sign * digest.readUInt32LE(word * 4);
    }
  }
}
