import { RULE_HELPERS } from './check-rules.ts';
import { CheckerText } from './check-text.ts';
import { type Bundle, isRecord, type Message, typeNameOf } from './descriptor.ts';

/** One broken constraint of Envoy's API. */
export interface Violation {
  /** For instance `virtualHosts[0].domains`; passes through nested Any without a mark. */
  readonly path: string;
  /** Rule group and rule as in validate.proto, for instance `repeated.min_items`. */
  readonly rule: string;
  /** What would be right. Never holds the value. */
  readonly message: string;
}

export type Checker = (message: object) => readonly Violation[];

/** Appends to `out`, with paths relative to the message. */
type CheckMessage = (message: Message, out: MutableViolation[]) => void;

interface MutableViolation {
  path: string;
  rule: string;
  message: string;
}

interface Cell {
  check: CheckMessage;
}

/** Any inside Any: Envoy's own configuration needs about six. */
const ANY_DEPTH_LIMIT = 32;

function join(prefix: string, path: string): string {
  if (path === '') return prefix;
  return path.startsWith('[') ? prefix + path : `${prefix}.${path}`;
}

/** Compiles on first use; message types without any rule below them are never visited. */
class Checkers {
  readonly #bundle: Bundle;
  readonly #decode: (type: string, bytes: Uint8Array) => Message;
  readonly #cells = new Map<string, Cell>();
  readonly #ruled = new Map<string, boolean>();
  /** Shared Any values (equal filters in many listeners) are checked once: bytes are never written to. */
  readonly #packed = new WeakMap<Uint8Array, readonly MutableViolation[]>();
  #anyDepth = 0;

  constructor(bundle: Bundle, decode: (type: string, bytes: Uint8Array) => Message) {
    this.#bundle = bundle;
    this.#decode = decode;
  }

  checker(type: string): Checker {
    const cell = this.#cell(type);
    return (message) => {
      const out: MutableViolation[] = [];
      if (isRecord(message)) cell.check(message, out);
      return out;
    };
  }

  #cell(type: string): Cell {
    const known = this.#cells.get(type);
    if (known !== undefined) return known;
    const cell: Cell = {
      check: (message, out) => {
        cell.check = this.#compile(type);
        cell.check(message, out);
      },
    };
    this.#cells.set(type, cell);
    return cell;
  }

  #compile(type: string): CheckMessage {
    const text = new CheckerText(this.#bundle, (child) => this.hasRules(child));
    const source = `"use strict";return function(m,o){\n${text.message(type)}\n}`;
    const make = new Function('h', 'c', 'k', source);
    return make(
      this.#helpers,
      text.children.map((child) => this.#cell(child)),
      text.constants,
    );
  }

  readonly #helpers = {
    ...RULE_HELPERS,
    fail(out: MutableViolation[], path: string, rule: string, message: string): void {
      out.push({ path, rule, message });
    },
    /** Children report relative paths; a path is only built when there is something to report. */
    under(out: MutableViolation[], from: number, prefix: string): void {
      for (const violation of out.slice(from)) violation.path = join(prefix, violation.path);
    },
    any: (value: Message, out: MutableViolation[]): void => this.#any(value, out),
  };

  /** Whether any rule can be met at or below a message; an Any may hold anything, so it counts. */
  hasRules(type: string): boolean {
    const known = this.#ruled.get(type);
    if (known !== undefined) return known;
    const found = this.#reaches(type, new Set());
    this.#ruled.set(type, found);
    return found;
  }

  #reaches(type: string, seen: Set<string>): boolean {
    if (type === 'google.protobuf.Any') return true;
    if (seen.has(type)) return false;
    seen.add(type);
    const message = this.#bundle.messages[type];
    if (message === undefined) return false;
    if (message.requiredOneofs !== undefined || message.fields.some((field) => field.rules !== undefined))
      return true;
    return message.fields.some((field) => field.kind === 'message' && this.#reaches(field.type, seen));
  }

  #any(value: Message, out: MutableViolation[]): void {
    const { typeUrl, value: bytes } = value;
    if (typeof typeUrl !== 'string' || !(bytes === undefined || bytes instanceof Uint8Array)) return;
    const type = typeNameOf(typeUrl);
    if (this.#bundle.messages[type] === undefined || !this.hasRules(type)) return;
    const found = bytes === undefined ? this.#unpacked(type, new Uint8Array(0)) : this.#cached(type, bytes);
    for (const violation of found) out.push({ ...violation });
  }

  #cached(type: string, bytes: Uint8Array): readonly MutableViolation[] {
    const known = this.#packed.get(bytes);
    if (known !== undefined) return known;
    const found = this.#unpacked(type, bytes);
    this.#packed.set(bytes, found);
    return found;
  }

  #unpacked(type: string, bytes: Uint8Array): readonly MutableViolation[] {
    if (this.#anyDepth >= ANY_DEPTH_LIMIT)
      return [
        {
          path: '',
          rule: 'any.depth',
          message: `must not hold more than ${ANY_DEPTH_LIMIT} Any in each other`,
        },
      ];
    const out: MutableViolation[] = [];
    this.#anyDepth++;
    try {
      this.#cell(type).check(this.#decode(type, bytes), out);
    } catch (error) {
      out.push({
        path: '',
        rule: 'any.value',
        message: error instanceof Error ? error.message : String(error),
      });
    } finally {
      this.#anyDepth--;
    }
    return out;
  }
}

/** Checkers by message type, compiled when first asked for. */
export function compileCheckers(
  bundle: Bundle,
  decode: (type: string, bytes: Uint8Array) => Message,
): (type: string) => Checker {
  const checkers = new Checkers(bundle, decode);
  return (type) => checkers.checker(type);
}
