import { createSocket } from 'node:dgram';
import ipaddr from 'ipaddr.js';

/** What the server says of one name and type; absent names do not exist. */
export interface Zone {
  /** By `<type> <name>`, for instance `A db.internal`. */
  readonly [question: string]: readonly FakeRecord[] | Fault;
}

type FakeRecord =
  | { readonly address: string; readonly ttl?: number }
  | { readonly priority: number; readonly weight: number; readonly port: number; readonly target: string };

type Fault = 'SERVFAIL' | 'REFUSED' | 'silent' | 'garbage';

export interface FakeDns {
  /** For `nameservers`. */
  readonly address: string;
  /** `<type> <name>` of each question so far. */
  readonly questions: readonly string[];
  serve(zone: Zone): void;
  stop(): Promise<void>;
}

const TYPES: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA', 33: 'SRV' };
const CODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };

/** A DNS server on 127.0.0.1 over UDP (RFC 1035), for answers that no real server gives on demand. */
export async function startDns(first: Zone = {}): Promise<FakeDns> {
  let zone = first;
  const questions: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { name, type, end } = readQuestion(query);
    const question = `${TYPES[type] ?? type} ${name}`;
    questions.push(question);
    const answer = respond(query, end, zone, { question, name, type });
    if (answer !== undefined) socket.send(answer, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const serve = (next: Zone): void => {
    zone = next;
  };
  const stop = (): Promise<void> => new Promise((resolve) => socket.close(() => resolve()));
  return { address: `127.0.0.1:${socket.address().port}`, questions, serve, stop };
}

interface Question {
  readonly question: string;
  readonly name: string;
  readonly type: number;
}

function respond(
  query: Buffer,
  end: number,
  zone: Zone,
  { question, name, type }: Question,
): Buffer | undefined {
  const found = zone[question];
  if (found === 'silent') return undefined;
  if (found === 'garbage') return Buffer.concat([query.subarray(0, 2), Buffer.from('not DNS')]);
  if (typeof found === 'string') return header(query, end, CODES[found], []);
  const exists = Object.keys(zone).some((key) => key.endsWith(` ${name}`));
  if (found === undefined && !exists) return header(query, end, CODES.NXDOMAIN, []);
  return header(
    query,
    end,
    0,
    (found ?? []).map((record) => recordBytes(record, type)),
  );
}

function readQuestion(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function header(query: Buffer, end: number, code: number, records: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8580 | code, 2); // A response with authority, recursion wanted and there.
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, query.subarray(12, end), ...records]);
}

function recordBytes(record: FakeRecord, type: number): Buffer {
  const data =
    'address' in record ? Buffer.from(ipaddr.parse(record.address).toByteArray()) : serviceBytes(record);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0); // The name of the question.
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE('address' in record ? (record.ttl ?? 60) : 60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function serviceBytes(record: Exclude<FakeRecord, { address: string }>): Buffer {
  const numbers = Buffer.alloc(6);
  numbers.writeUInt16BE(record.priority, 0);
  numbers.writeUInt16BE(record.weight, 2);
  numbers.writeUInt16BE(record.port, 4);
  const labels = record.target.split('.').filter((label) => label !== '');
  const name = labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  return Buffer.concat([numbers, ...name, Buffer.from([0])]);
}
