import protobuf from 'protobufjs/minimal.js';
import { type Bundle, DEPTH_LIMIT, isRecord, type Message } from './descriptor.ts';
import { EncoderText } from './encode-text.ts';
import { kindOf, ProtoError, show } from './proto-error.ts';

type WriteMessage = (message: Message, writer: protobuf.Writer, depth: number) => void;

/** A child is looked up through this cell when it runs, since messages may contain themselves. */
interface Cell {
  write: WriteMessage;
}

const MAX_KEPT_BUFFER = 1 << 20;

const HELPERS = {
  fail(where: string, expected: string, value: unknown): never {
    throw new ProtoError(where, `expected ${expected}, got ${kindOf(value)}`);
  },
  failName(where: string, type: string, value: unknown): never {
    throw new ProtoError(where, `expected a name of ${type}, got ${show(value)}`);
  },
  tooDeep(type: string): never {
    throw new ProtoError('', `${type} is nested more than ${DEPTH_LIMIT} levels deep`);
  },
  isRecord,
  isLong: (value: unknown): boolean =>
    typeof value === 'number' ? Number.isInteger(value) : isLongText(value) || isLongObject(value),
  keys: (map: object): string[] => Object.keys(map).sort(),
  numberKeys: (map: object): string[] => Object.keys(map).sort((a, b) => Number(a) - Number(b)),
};

const isLongText = (value: unknown): boolean => typeof value === 'string' && /^-?\d{1,20}$/.test(value);
const isLongObject = (value: unknown): boolean => isRecord(value) && typeof value['low'] === 'number';

/**
 * Encoders, generated on first use of each message. Map entries are written in the order of their keys,
 * fields in the order of their numbers, so equal messages give equal bytes.
 */
export class Encoders {
  readonly #bundle: Bundle;
  readonly #cells = new Map<string, Cell>();
  readonly #enums = new Map<string, ReadonlyMap<string, number>>();
  #writer = protobuf.Writer.create();

  constructor(bundle: Bundle) {
    this.#bundle = bundle;
  }

  /** The encoder of one message; the bytes are the caller's own, exactly sized. */
  encoder(type: string): (message: object) => Uint8Array {
    const cell = this.#cell(type);
    return (message) => {
      const writer = this.#writer;
      writer.pos = 0;
      writer.states = null;
      // The one place where an outside object becomes a message: the generated code checks each field it reads.
      cell.write(message as Message, writer, 0);
      const bytes = Uint8Array.prototype.slice.call(writer.buf, 0, writer.pos);
      if (writer.buf.length > MAX_KEPT_BUFFER) this.#writer = protobuf.Writer.create();
      return bytes;
    };
  }

  #cell(type: string): Cell {
    const known = this.#cells.get(type);
    if (known !== undefined) return known;
    const cell: Cell = {
      write: (message, writer, depth) => {
        cell.write = this.#compile(type);
        cell.write(message, writer, depth);
      },
    };
    this.#cells.set(type, cell);
    return cell;
  }

  #compile(type: string): WriteMessage {
    const text = new EncoderText(type);
    const fields = this.#bundle.messages[type]?.fields ?? [];
    const body = fields.map((field) => text.field(field)).join('\n');
    const source = `"use strict";return function(m,w,d){if(d>${DEPTH_LIMIT})h.tooDeep(${JSON.stringify(type)});\n${body}\n}`;
    const make = new Function('h', 'c', 'e', source);
    return make(
      HELPERS,
      text.children.map((child) => this.#cell(child)),
      text.enums.map((name) => this.#enum(name)),
    );
  }

  #enum(name: string): ReadonlyMap<string, number> {
    const known = this.#enums.get(name) ?? new Map(Object.entries(this.#bundle.enums[name] ?? {}));
    this.#enums.set(name, known);
    return known;
  }
}
