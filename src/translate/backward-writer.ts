const FIRST_SIZE = 16 * 1024;
/** What is larger is given back after use. */
const MOST_KEPT = 1024 * 1024;
const LONGEST_VARINT = 5;

/**
 * Writes a protobuf message from its end to its beginning: the length of what is nested is known
 * when it is due, so nothing is measured first or moved afterwards. Numbers up to 2^32 - 1 and
 * ASCII text; `finish` answers undefined once any other text was met.
 */
export class BackwardWriter {
  #buffer = new Uint8Array(FIRST_SIZE);
  #at = FIRST_SIZE;
  #ascii = true;

  start(): void {
    if (this.#buffer.length > MOST_KEPT) this.#buffer = new Uint8Array(FIRST_SIZE);
    this.#at = this.#buffer.length;
    this.#ascii = true;
  }

  /** What has been written, copied out. */
  finish(): Uint8Array | undefined {
    return this.#ascii ? this.#buffer.slice(this.#at) : undefined;
  }

  /** How much has been written, for `close`. */
  mark(): number {
    return this.#buffer.length - this.#at;
  }

  number(tag: number, value: number): void {
    this.#reserve(LONGEST_VARINT + 1);
    this.#varint(value);
    this.#byte(tag);
  }

  text(tag: number, value: string): void {
    const { length } = value;
    this.#reserve(length + LONGEST_VARINT + 1);
    const buffer = this.#buffer;
    const start = this.#at - length;
    let seen = 0;
    for (let index = 0; index < length; index += 1) {
      const code = value.charCodeAt(index);
      seen |= code;
      buffer[start + index] = code;
    }
    if (seen > 0x7f) this.#ascii = false;
    this.#at = start;
    this.#varint(length);
    this.#byte(tag);
  }

  /** Makes one nested message of everything written since `mark` answered `end`. */
  close(tag: number, end: number): void {
    this.#reserve(LONGEST_VARINT + 1);
    this.#varint(this.mark() - end);
    this.#byte(tag);
  }

  #byte(value: number): void {
    this.#at -= 1;
    this.#buffer[this.#at] = value;
  }

  #varint(value: number): void {
    if (value < 0x80) this.#byte(value);
    else this.#longVarint(value);
  }

  #longVarint(value: number): void {
    let at = this.#at - (value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5);
    this.#at = at;
    for (let rest = value; ; rest >>>= 7, at += 1) {
      this.#buffer[at] = rest < 0x80 ? rest : (rest & 0x7f) | 0x80;
      if (rest < 0x80) return;
    }
  }

  #reserve(bytes: number): void {
    if (this.#at >= bytes) return;
    const written = this.#buffer.subarray(this.#at);
    const larger = new Uint8Array(2 * (this.#buffer.length + bytes));
    larger.set(written, larger.length - written.length);
    this.#at = larger.length - written.length;
    this.#buffer = larger;
  }
}
