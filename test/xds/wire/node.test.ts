import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import protobuf from 'protobufjs/minimal.js';
import { describe, expect, it } from 'vitest';
import { decodeDeltaRequest, decodeSotwRequest, MalformedRequest } from '../../../src/xds/wire/decode.ts';
import { deltaBytes, fromJson, SOTW } from './requests.ts';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the node of a request', () => {
  it.each([
    ['Struct', (inner: object) => ({ s: inner })],
    ['list', (inner: object) => ({ s: [[inner]] })],
  ])('metadata nested 200 times (%s) is refused; 10 deep is read', (_, wrap) => {
    const nested = (depth: number): object => (depth === 0 ? {} : wrap(nested(depth - 1)));
    const bytes = encodeNested(nested(200));
    expect(() => decodeSotwRequest(bytes)).toThrow(/nested deeper/);
    const shallow = nested(10);
    expect(plain(decodeSotwRequest(fromJson(SOTW, { node: { metadata: shallow } })).node?.metadata)).toEqual(
      shallow,
    );
  });

  it('a Struct nested a thousand times is refused', () => {
    let value: Uint8Array = new Uint8Array();
    for (let depth = 0; depth < 1000; depth += 1) value = field(1, field(2, field(5, value)));
    expect(() => decodeSotwRequest(field(2, field(3, value)))).toThrow(MalformedRequest);
  });

  it('a key named __proto__ is data', () => {
    const bytes = encodeNested(JSON.parse('{"__proto__": {"polluted": true}}'));
    const metadata = decodeSotwRequest(bytes).node?.metadata ?? {};
    expect(Object.keys(metadata)).toEqual(['__proto__']);
    expect('polluted' in {}).toBe(false);
  });

  it('nothing of the extensions is kept: a node of 61 kB costs less than 6', async () => {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    if (typeof collect !== 'function') throw new Error('no gc');
    const used = async (): Promise<number> => {
      for (let turn = 0; turn < 4; turn += 1) {
        collect();
        // Buffers are let go between turns of the event loop.
        await new Promise((resolve) => setImmediate(resolve));
      }
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const read = (): object => decodeDeltaRequest(Buffer.from(deltaBytes));
    read();
    const before = await used();
    const all = Array.from({ length: 500 }, read);
    expect(((await used()) - before) / all.length).toBeLessThan(6000);
  });
});

function field(number: number, content: Uint8Array): Uint8Array {
  return protobuf.Writer.create()
    .uint32((number << 3) | 2)
    .bytes(content)
    .finish();
}

/** A request whose node has this metadata, without the depth limits of other encoders. */
function encodeNested(metadata: object): Uint8Array {
  const struct = (fields: object): Uint8Array =>
    Buffer.concat(
      Object.entries(fields).map(([key, value]) =>
        field(1, Buffer.concat([field(1, Buffer.from(key)), field(2, encodeValue(value))])),
      ),
    );
  function encodeValue(value: unknown): Uint8Array {
    if (Array.isArray(value)) return field(6, Buffer.concat(value.map((one) => field(1, encodeValue(one)))));
    return value === true ? Uint8Array.of(32, 1) : field(5, struct(Object(value)));
  }
  return field(2, field(3, struct(metadata)));
}
