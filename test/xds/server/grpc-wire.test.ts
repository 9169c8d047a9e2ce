import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrameCache, frameMessage, MessageReader } from '../../../src/xds/server/grpc-frame.ts';
import { encodeGrpcMessage, parseGrpcTimeout } from '../../../src/xds/server/grpc-status.ts';

function readAll(chunks: readonly Buffer[], limit = 1024) {
  const messages: string[] = [];
  const reader = new MessageReader(limit, (message) => messages.push(message.toString('latin1')));
  const refusals = chunks.map((chunk) => reader.read(chunk)).filter((refusal) => refusal !== undefined);
  return { messages, refusals, partial: reader.partial };
}

describe('gRPC messages on a byte stream', () => {
  it('come out whole however the bytes were cut', () => {
    const texts = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 40 }), { maxLength: 6 });
    fc.assert(
      fc.property(texts, fc.array(fc.integer({ min: 1, max: 20 })), (messages, cuts) => {
        const bytes = Buffer.concat(messages.map((text) => frameMessage(Buffer.from(text, 'latin1'))));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        chunks.push(bytes.subarray(at));
        const read = readAll(chunks.filter((chunk) => chunk.length > 0));
        expect(read).toEqual({ messages, refusals: [], partial: false });
      }),
    );
  });

  it('over the limit are refused by their header alone', () => {
    const { refusals } = readAll([Buffer.from([0, 0xff, 0xff, 0xff, 0xff])]);
    expect(refusals).toEqual([expect.objectContaining({ code: 'RESOURCE_EXHAUSTED' })]);
  });

  it('with the compressed flag are refused', () => {
    const { refusals, messages } = readAll([Buffer.from([1, 0, 0, 0, 1, 65])]);
    expect(refusals).toEqual([expect.objectContaining({ code: 'INTERNAL' })]);
    expect(messages).toEqual([]);
  });

  it('leave a reader partial when they end early', () => {
    expect(readAll([Buffer.from([0, 0, 0])]).partial).toBe(true);
  });

  it('are framed once for all streams that share their bytes', () => {
    const frame = createFrameCache();
    const bytes = Buffer.from('shared');
    expect(frame(bytes)).toBe(frame(bytes));
    expect(frame(Buffer.from('shared'))).not.toBe(frame(bytes));
  });
});

describe('gRPC status words', () => {
  it('are percent-encoded, and decode to what was said', () => {
    expect(encodeGrpcMessage('100 % of "ü"\n')).toBe('100 %25 of "%C3%BC"%0A');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decodeURIComponent(encodeGrpcMessage(text))).toBe(text);
      }),
    );
  });

  it.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['15S', 15_000],
    ['250m', 250],
    ['1000u', 1],
    ['1000000n', 1],
    [undefined, undefined],
    ['5s', Number.NaN],
    ['123456789S', Number.NaN],
    ['-1S', Number.NaN],
  ])('grpc-timeout %s is %s ms', (header, expected) => {
    const parsed = parseGrpcTimeout(header);
    if (expected === undefined || Number.isNaN(expected)) expect(parsed).toEqual(expected);
    else expect(parsed).toBeCloseTo(expected, 6);
  });
});
