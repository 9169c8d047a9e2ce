import { inspect } from 'node:util';

/** What every printed form of a secret shows. */
export const REDACTED = '[redacted]';

/**
 * Bytes that must not be printed: a key, a password, a token. String, JSON, template and
 * inspection forms all give `[redacted]`; the bytes themselves come only from `reveal()`.
 */
export class SecretBytes {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  static fromUtf8(text: string): SecretBytes {
    return new SecretBytes(Buffer.from(text, 'utf8'));
  }

  /** The bytes in the clear. Callers hand them on to TLS or to SDS, never to a log or a file. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
