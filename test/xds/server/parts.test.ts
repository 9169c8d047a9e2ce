import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../../src/xds/server/deadlines.ts';
import { XDS_METHODS } from '../../../src/xds/server/methods.ts';
import { compileMatchers } from '../../../src/xds/server/node-matcher.ts';
import { DEFAULT_TIMING } from '../../../src/xds/server/options.ts';
import { uriSansOf } from '../../../src/xds/server/peer.ts';
import { createRounds } from '../../../src/xds/server/rounds.ts';
import { createSlices } from '../../../src/xds/server/slices.ts';
import { createTokenBucket } from '../../../src/xds/server/token-bucket.ts';

const status = (id: string) =>
  // Only the id of the node is looked at.
  ({ stream: { node: { id } }, types: [] }) as unknown as Parameters<ReturnType<typeof compileMatchers>>[0];

describe('the table of services', () => {
  it('has SotW and delta of every type, VHDS and LEDS as delta only, and no Fetch on ADS', () => {
    const count = (variant: string) =>
      [...XDS_METHODS.values()].filter((row) => row.variant === variant).length;
    expect([count('sotw'), count('delta'), count('fetch')]).toEqual([9, 11, 8]);
    expect(XDS_METHODS.has('/envoy.service.route.v3.VirtualHostDiscoveryService/StreamVirtualHosts')).toBe(
      false,
    );
  });
});

describe('URI SANs', () => {
  it('are read in order', () => {
    expect(uriSansOf('URI:spiffe://a/group/edge/node/1, DNS:x, URI:spiffe://b')).toEqual([
      'spiffe://a/group/edge/node/1',
      'spiffe://b',
    ]);
  });

  it('cannot be forged inside a DNS name', () => {
    expect(uriSansOf('DNS:"x, URI:spiffe://evil", URI:spiffe://good')).toEqual(['spiffe://good']);
    expect(uriSansOf('DNS:"a\\", URI:spiffe://evil"')).toEqual([]);
    expect(uriSansOf('')).toEqual([]);
  });
});

describe('A11 a token bucket', () => {
  it('lets the burst through, then the rate', () => {
    const bucket = createTokenBucket(10, 2);
    expect([bucket.take(0), bucket.take(0), bucket.take(0)]).toEqual([true, true, false]);
    expect([bucket.take(100), bucket.take(100)]).toEqual([true, false]);
    expect(bucket.idle(150)).toBe(false);
    expect(bucket.idle(1000)).toBe(true);
  });

  it('refills to the burst and no further, however long it rests', () => {
    const bucket = createTokenBucket(10, 2);
    const takes = (now: number): readonly boolean[] => [0, 0, 0].map(() => bucket.take(now));
    expect(takes(0)).toEqual([true, true, false]);
    expect(takes(60_000)).toEqual([true, true, false]);
    // A tenth of a token at a time adds up.
    expect([60_010, 60_050, 60_099].map((now) => bucket.take(now))).toEqual([false, false, false]);
    expect(bucket.take(60_100)).toBe(true);
  });
});

describe('rounds', () => {
  it('visit every item within a few calls, and begin again, whatever comes and goes', () => {
    const items = new Set([1, 2, 3, 4, 5, 6, 7, 8]);
    const seen: number[] = [];
    const some = createRounds(items, 4);
    const round = (): number[] => {
      seen.length = 0;
      for (let call = 0; call < 5; call += 1) some((item) => seen.push(item));
      return seen.toSorted((a, b) => a - b);
    };
    some((item) => seen.push(item));
    expect(seen).toEqual([1, 2]);
    expect(new Set(round())).toEqual(items);
    items.clear();
    expect(round()).toEqual([]);
    items.add(9);
    expect(round()).toContain(9);
  });
});

describe('slices', () => {
  it('run a queue in parts and let other events between them; twice queued runs once', async () => {
    const ran: string[] = [];
    const slices = createSlices<string>((item) => ran.push(item), {
      count: 2,
      milliseconds: 50,
      now: () => 0,
    });
    for (const item of ['a', 'b', 'a', 'c']) slices.add(item);
    const between = new Promise<readonly string[]>((resolve) => setImmediate(() => resolve([...ran])));
    expect(await between).toEqual(['a', 'b']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ran).toEqual(['a', 'b', 'c']);
    expect(slices.waiting).toBe(0);
  });

  it('end early when their time is used up', async () => {
    let now = 0;
    const ran: number[] = [];
    const run = (item: number): void => {
      now += 3;
      ran.push(item);
    };
    const slices = createSlices<number>(run, { count: 100, milliseconds: 5, now: () => now });
    for (let item = 0; item < 4; item += 1) slices.add(item);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ran).toEqual([0, 1]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ran).toEqual([0, 1, 2, 3]);
  });
});

describe('C1 node matchers', () => {
  it('are alternatives; none matches every node', () => {
    expect(compileMatchers([])(status('n1'))).toBe(true);
    const either = compileMatchers([
      { nodeId: { exact: 'n1' } },
      { nodeId: { prefix: 'EDGE-', ignoreCase: true } },
    ]);
    expect(['n1', 'edge-7', 'n2'].map((id) => either(status(id)))).toEqual([true, true, false]);
    expect(compileMatchers([{ nodeId: { suffix: '1' } }])(status('n1'))).toBe(true);
    expect(compileMatchers([{ nodeId: { contains: 'x' } }])(status('n1'))).toBe(false);
  });

  it('that cannot be evaluated are refused rather than match too much', () => {
    expect(() => compileMatchers([{ nodeId: {} }])).toThrow('safe_regex');
    expect(() => compileMatchers([{ nodeMetadatas: [{}] }])).toThrow('node_metadatas');
  });
});

describe('the deadlines of a stream', () => {
  const timing = { ...DEFAULT_TIMING, firstMessageMs: 50, stuckMs: 100 };
  const open = (ageMs = 1000, timeoutMs = Number.POSITIVE_INFINITY) =>
    new Deadlines(0, { ageMs, timeoutMs }, timing);

  it('A11 a backlog that stays is stuck; one that went in between is not', () => {
    const deadlines = open();
    deadlines.waitNoMore();
    expect(deadlines.expired(10, true)).toBe(undefined);
    expect(deadlines.expired(60, false)).toBe(undefined);
    expect(deadlines.expired(70, true)).toBe(undefined);
    expect(deadlines.expired(169, true)).toBe(undefined);
    expect(deadlines.expired(170, true)).toBe('stuck');
  });

  it('waiting, age and timeout each end it', () => {
    expect([open().expired(49, false), open().expired(50, false)]).toEqual([undefined, 'waited in vain']);
    expect(open(30).expired(30, false)).toBe('old');
    expect(open(1000, 20).expired(20, false)).toBe('timeout');
  });

  it('a client that does not end its side in turn is stuck', () => {
    const deadlines = open();
    deadlines.ending();
    expect([deadlines.expired(60, false), deadlines.expired(160, false)]).toEqual([undefined, 'stuck']);
  });
});
