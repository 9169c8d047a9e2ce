import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dnsSource } from '../../../src/discovery/dns/index.ts';
import type { SourceContext } from '../../../src/discovery/source.ts';
import { type ManualClock, manualClock } from '../manual-clock.ts';
import { addressesOf, isComplete, isFailure, testSource, type Watching, watchSource } from '../suite.ts';
import { type FakeDns, startDns, type Zone } from './fake-dns.ts';

function create(options: object, context: Partial<SourceContext> = {}) {
  const parsed = dnsSource.schema.parse(options);
  return dnsSource.create(parsed, { name: 'names', baseDir: '.', random: () => 0.5, ...context });
}

const WHOLE: Zone = {
  'A web.internal': [{ address: '10.0.0.2' }, { address: '10.0.0.1' }],
  'AAAA web.internal': [{ address: '2001:db8::1' }],
};

testSource('the dns source', async () => {
  const dns = await startDns(WHOLE);
  return {
    source: create({
      names: ['web.internal:80'],
      nameservers: [dns.address],
      refresh: '5s',
      timeout: '100ms',
    }),
    addresses: ['10.0.0.1', '10.0.0.2', '2001:db8::1'],
    break: async () => dns.serve({ 'A web.internal': 'SERVFAIL', 'AAAA web.internal': 'SERVFAIL' }),
    mend: async () => dns.serve(WHOLE),
    close: dns.stop,
  };
});

describe('the dns source', () => {
  let dns: FakeDns;
  let clock: ManualClock;
  let watching: Watching;
  const watch = (options: object, context: Partial<SourceContext> = {}) => {
    const all = { nameservers: [dns.address], timeout: '100ms', ...options };
    watching = watchSource(create(all, { clock, ...context }));
    return watching;
  };

  beforeEach(async () => {
    dns = await startDns(WHOLE);
    clock = manualClock();
  });
  afterEach(async () => {
    await watching.stop();
    await dns.stop();
    expect(clock.pending).toBe(0);
  });

  test('A and AAAA become instances with the port of the name', async () => {
    const report = await watch({ names: ['web.internal:5432'] }).next(isComplete);
    expect(report).toMatchObject({
      scope: 'web.internal:5432',
      service: 'web.internal',
      nextAttempt: 30_000,
    });
    expect(report.reason).toBeUndefined();
    expect(report.instances).toEqual([
      {
        id: 'web.internal:5432/10.0.0.1',
        address: '10.0.0.1',
        ports: { '': 5432 },
        locality: { region: '', zone: '', subZone: '' },
        health: 'HEALTHY',
        labels: { 'dns.name': 'web.internal', 'dns.target': 'web.internal', 'dns.type': 'A' },
      },
      expect.objectContaining({ address: '10.0.0.2' }),
      expect.objectContaining({
        address: '2001:db8::1',
        labels: { 'dns.name': 'web.internal', 'dns.target': 'web.internal', 'dns.type': 'AAAA' },
      }),
    ]);
  });

  test.for([
    ['A', ['10.0.0.1', '10.0.0.2'], ['A web.internal']],
    ['AAAA', ['2001:db8::1'], ['AAAA web.internal']],
  ] as const)('type: %s asks only for that', async ([type, addresses, questions]) => {
    const report = await watch({ names: ['web.internal'], type, port: 81 }).next(isComplete);
    expect(addressesOf(report)).toEqual(addresses);
    expect(report.instances[0]?.ports).toEqual({ '': 81 });
    expect(dns.questions).toEqual(questions);
  });

  test('a name without a port has none', async () => {
    const report = await watch({ names: ['web.internal'] }).next(isComplete);
    expect(report.instances[0]?.ports).toEqual({});
  });

  test('one family may be missing', async () => {
    dns.serve({ 'A web.internal': [{ address: '10.0.0.1' }] });
    expect(addressesOf(await watch({ names: ['web.internal'] }).next(isComplete))).toEqual(['10.0.0.1']);
  });

  test('SRC1: one family that fails makes the whole a failure, never a part', async () => {
    dns.serve({ ...WHOLE, 'AAAA web.internal': 'SERVFAIL' });
    const report = await watch({ names: ['web.internal'] }).next(() => true);
    expect(report).toMatchObject({
      kind: 'failure',
      error: { message: 'web.internal (AAAA): the DNS server answers SERVFAIL' },
    });
  });

  test.for<[Zone[string] & string, RegExp]>([
    ['REFUSED', /refuses to answer/],
    ['silent', /no DNS server answered in time/],
    ['garbage', /no DNS (server answered in time|answer)/],
  ])('SRC3: %s is a failure that empties nothing; then it recovers', async ([fault, words]) => {
    watch({ names: ['web.internal'], type: 'A' });
    await watching.next(isComplete);
    dns.serve({ 'A web.internal': fault });
    await clock.advance(30_000);
    expect((await watching.next(isFailure)).error.message).toMatch(words);
    dns.serve(WHOLE);
    await clock.advance(500);
    expect((await watching.next(() => true)).kind).toBe('unchanged');
  });

  test.for<[string, Zone]>([
    ['NXDOMAIN', {}],
    ['NODATA', { 'TXT web.internal': [] }],
  ])('%s is a complete report of nothing, without a reason: the guard decides', async ([, zone]) => {
    watch({ names: ['web.internal'] });
    await watching.next(isComplete);
    dns.serve(zone);
    await clock.advance(30_000);
    const report = await watching.next(isComplete);
    expect(report.instances).toEqual([]);
    expect(report.reason).toBeUndefined();
  });

  test('SRC1: turned round is unchanged; what stays is the same object', async () => {
    dns.serve({ 'A web.internal': [{ address: '10.0.0.1' }, { address: '10.0.0.2' }] });
    const first = await watch({ names: ['web.internal'] }).next(isComplete);
    dns.serve({ 'A web.internal': [{ address: '10.0.0.2' }, { address: '10.0.0.1' }] });
    await clock.advance(30_000);
    expect((await watching.next(() => true)).kind).toBe('unchanged');
    dns.serve({ 'A web.internal': [{ address: '10.0.0.2' }] });
    await clock.advance(30_000);
    expect((await watching.next(isComplete)).instances[0]).toBe(first.instances[1]);
  });

  test.for([
    [12, 12_000],
    [1, 5_000],
    [0, 5_000],
    [3600, 30_000],
  ] as const)('records that live %d s are asked for again after %d ms', async ([ttl, wait]) => {
    dns.serve({
      'A web.internal': [
        { address: '10.0.0.1', ttl: 600 },
        { address: '10.0.0.2', ttl },
      ],
    });
    expect(await watch({ names: ['web.internal'] }).next(isComplete)).toMatchObject({ nextAttempt: wait });
  });

  test('SRC2: while a shrink is held it asks every 20 s', async () => {
    watch({ names: ['web.internal'] }, { isHeld: () => true });
    expect(await watching.next(isComplete)).toMatchObject({ nextAttempt: 20_000 });
  });

  test('each name is a scope: one that fails leaves the others alone', async () => {
    dns.serve({ ...WHOLE, 'A db.internal': 'SERVFAIL', 'AAAA db.internal': 'SERVFAIL' });
    watch({ names: ['db.internal:5432', 'web.internal:80'] });
    await watching.next(isFailure);
    await watching.next(isComplete).catch(() => undefined);
    const kinds = new Map(watching.seen.map((report) => [report.scope, report.kind]));
    expect(kinds).toEqual(
      new Map([
        ['db.internal:5432', 'failure'],
        ['web.internal:80', 'complete'],
      ]),
    );
    expect(watching.seen.map(({ more }) => more)).toEqual([true, undefined]);
  });

  test('SRC4: a name that the config no longer has is closed once all it has were resolved', async () => {
    dns.serve({ 'A web.internal': 'SERVFAIL' });
    watch({ names: ['web.internal'] }, { knownScopes: ['old.internal', 'web.internal'] });
    await watching.next(isFailure);
    dns.serve(WHOLE);
    await clock.advance(500);
    expect(await watching.next(isComplete)).toMatchObject({ scope: 'web.internal' });
    const closing = { scope: 'old.internal', instances: [], reason: 'stated', closed: true };
    expect(await watching.next(isComplete)).toMatchObject(closing);
  });

  describe('SRV', () => {
    const srv = (records: Zone[string], more: Zone = {}) => {
      dns.serve({
        'SRV _http._tcp.web': records,
        'A a.internal': [{ address: '10.0.0.1' }],
        'A b.internal': [{ address: '10.0.0.2' }],
        'AAAA b.internal': [{ address: '2001:db8::2' }],
        ...more,
      });
      return watch({ names: ['_http._tcp.web'], type: 'SRV' });
    };

    test('target, port, priority and weight', async () => {
      const report = await srv([
        { priority: 10, weight: 5, port: 8080, target: 'a.internal' },
        { priority: 20, weight: 0, port: 8081, target: 'b.internal' },
      ]).next(isComplete);
      expect(report.instances).toEqual([
        {
          id: '_http._tcp.web/10.0.0.1:8080',
          address: '10.0.0.1',
          ports: { '': 8080 },
          weight: 5,
          locality: { region: '', zone: '', subZone: '' },
          health: 'HEALTHY',
          labels: {
            'dns.name': '_http._tcp.web',
            'dns.target': 'a.internal',
            'dns.type': 'SRV',
            'dns.srv.priority': '10',
          },
        },
        expect.objectContaining({ address: '10.0.0.2', ports: { '': 8081 }, weight: 1 }),
        expect.objectContaining({ address: '2001:db8::2', weight: 1 }),
      ]);
    });

    test('SRC8: weights above 128 are scaled so that the largest is 128', async () => {
      const report = await srv([
        { priority: 1, weight: 65_535, port: 80, target: 'a.internal' },
        { priority: 1, weight: 32_768, port: 81, target: 'a.internal' },
        { priority: 1, weight: 1, port: 82, target: 'a.internal' },
      ]).next(isComplete);
      expect(report.instances.map(({ weight }) => weight)).toEqual([128, 64, 1]);
    });

    test('named twice, an address and port counts once, with the priority that is used first', async () => {
      const report = await srv([
        { priority: 20, weight: 7, port: 80, target: 'a.internal' },
        { priority: 10, weight: 3, port: 80, target: 'a.internal' },
      ]).next(isComplete);
      expect(report.instances).toHaveLength(1);
      expect(report.instances[0]).toMatchObject({ weight: 3, labels: { 'dns.srv.priority': '10' } });
    });

    test('a target that does not exist brings nothing, one that cannot be asked fails the whole (SRC1)', async () => {
      const records = [
        { priority: 1, weight: 1, port: 80, target: 'a.internal' },
        { priority: 1, weight: 1, port: 80, target: 'gone.internal' },
      ];
      expect(addressesOf(await srv(records).next(isComplete))).toEqual(['10.0.0.1']);
      await watching.stop();
      const report = await srv(records, { 'A gone.internal': 'SERVFAIL' }).next(() => true);
      expect(report).toMatchObject({ kind: 'failure', error: { message: /^gone\.internal \(A\)/ } });
    });

    test('"." and port 0 say that there is nothing', async () => {
      const report = await srv([
        { priority: 0, weight: 0, port: 0, target: 'a.internal' },
        { priority: 0, weight: 0, port: 80, target: '.' },
      ]).next(isComplete);
      expect(report.instances).toEqual([]);
    });
  });
});

describe('the options of the dns source', () => {
  test.for<[name: string, options: object, words: RegExp]>([
    ['no names', { names: [] }, /expected array to have >=1 items|Too small/],
    ['an address', { names: ['10.0.0.1:80'] }, /is an address/],
    ['an IPv6 address', { names: ['2001:db8::1'] }, /is an address/],
    ['an address written badly', { names: ['10.1'] }, /is not a hostname/],
    ['a URL', { names: ['http://web'] }, /is not a hostname/],
    ['a space', { names: ['web internal'] }, /is not a hostname/],
    ['an empty label', { names: ['web..internal'] }, /is not a hostname/],
    ['a label of 64', { names: [`${'a'.repeat(64)}.internal`] }, /is not a hostname/],
    ['port 0', { names: ['web:0'] }, /ports are 1-65535/],
    ['port 65536', { names: ['web:65536'] }, /ports are 1-65535/],
    ['a name twice', { names: ['web', 'web'] }, /is there already/],
    ['a port with SRV', { names: ['web:80'], type: 'SRV' }, /SRV records bring the port/],
    ['port with SRV', { names: ['web'], type: 'SRV', port: 80 }, /SRV records bring the port/],
    ['a server by name', { names: ['web'], nameservers: ['dns.internal'] }, /the address of a DNS server/],
    ['too often', { names: ['web'], refresh: '1s' }, /at least 5s/],
  ])('%s is refused', ([, options, words]) => {
    const parsed = dnsSource.schema.safeParse(options);
    expect(parsed.error?.issues.map(({ message }) => message).join()).toMatch(words);
  });

  test.each(['10.0.0.2', '10.0.0.2:5353', 'fd00::2', '[fd00::2]', '[fd00::2]:53'])(
    'nameserver %s',
    (server) => {
      expect(dnsSource.schema.safeParse({ names: ['web'], nameservers: [server] }).success).toBe(true);
    },
  );
});
