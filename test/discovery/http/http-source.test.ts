import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpSource } from '../../../src/discovery/http/index.ts';
import type { SourceContext } from '../../../src/discovery/source.ts';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import { listen, portOf } from '../../parts/http.ts';
import { makeCa, makeCertificate } from '../../secrets/certificates.ts';
import { type ManualClock, manualClock } from '../manual-clock.ts';
import { addressesOf, isComplete, isFailure, testSource, type Watching, watchSource } from '../suite.ts';
import { type FakeSd, json, raw, startSd } from './fake-sd.ts';

const TWO = [{ targets: ['10.0.0.1:80', '10.0.0.2:80'], labels: { service: 'web' } }];

function create(options: object, context: Partial<SourceContext> = {}) {
  const parsed = httpSource.schema.parse(options);
  return httpSource.create(parsed, { name: 'sd', baseDir: tmpdir(), random: () => 0.5, ...context });
}

testSource('the http source', async () => {
  const sd = await startSd(json(TWO));
  return {
    source: create({ url: sd.url, refresh: '1s' }),
    addresses: ['10.0.0.1', '10.0.0.2'],
    break: async () => sd.answer(raw(500, {}, 'no')),
    mend: async () => sd.answer(json(TWO)),
    close: sd.stop,
  };
});

describe('the http source', () => {
  let sd: FakeSd;
  let clock: ManualClock;
  let watching: Watching;
  let folder: string;
  const watch = (options: object = {}, context: Partial<SourceContext> = {}) => {
    watching = watchSource(create({ url: sd.url, ...options }, { clock, baseDir: folder, ...context }));
    return watching;
  };
  /** The first failure; the clock stands, so nothing is asked twice. */
  const failure = async () => {
    const report = await watching.next(() => true);
    if (report.kind !== 'failure') throw new Error(`${report.kind} where a failure was expected`);
    return report.error.message;
  };

  beforeEach(async () => {
    sd = await startSd(json(TWO));
    clock = manualClock();
    folder = await mkdtemp(path.join(tmpdir(), 'muster-'));
  });
  afterEach(async () => {
    await watching.stop();
    await sd.stop();
    await rm(folder, { recursive: true });
    expect(clock.pending).toBe(0);
  });

  test('targets and labels become instances, labels with the prefix', async () => {
    sd.answer(
      json([{ targets: ['10.0.0.1:80', '[2001:DB8::0:1]:81'], labels: { service: 'web', __meta_dc: 'x' } }]),
    );
    const report = await watch().next(isComplete);
    expect(report).toMatchObject({ scope: sd.url, nextAttempt: 60_000 });
    expect(report.reason).toBeUndefined();
    const labels = { 'http.label.service': 'web', 'http.label.__meta_dc': 'x', 'http.service': 'web' };
    expect(report.instances).toEqual([
      expect.objectContaining({ id: '10.0.0.1:80', address: '10.0.0.1', ports: { '': 80 }, labels }),
      expect.objectContaining({ id: '2001:db8::1:81', address: '2001:db8::1', ports: { '': 81 }, labels }),
    ]);
    expect(sd.requests[0]?.headers).toMatchObject({
      accept: 'application/json',
      'x-prometheus-refresh-interval-seconds': '60',
    });
  });

  test('SRC1: an equal list is unchanged, and what stays is the same object', async () => {
    const first = await watch().next(isComplete);
    await clock.advance(60_000);
    expect(await watching.next(() => true)).toMatchObject({ kind: 'unchanged', nextAttempt: 120_000 });
    sd.answer(json([{ targets: ['10.0.0.2:80'], labels: { service: 'web' } }]));
    await clock.advance(60_000);
    const second = await watching.next(isComplete);
    expect(second.instances[0]).toBe(first.instances[1]);
    expect(second.reason).toBeUndefined();
  });

  test('an ETag is sent back, and 304 is unchanged', async () => {
    sd.answer((request, response) => {
      const known = request.headers['if-none-match'] === '"v1"';
      (known ? raw(304, { etag: '"v1"' }, '') : json(TWO, { etag: '"v1"' }))(request, response);
    });
    await watch().next(isComplete);
    await clock.advance(60_000);
    expect((await watching.next(() => true)).kind).toBe('unchanged');
    expect(sd.requests.map((request) => request.headers['if-none-match'])).toEqual([undefined, '"v1"']);
  });

  test('a 304 that was not asked for is a failure', async () => {
    sd.answer(raw(304, {}, ''));
    watch();
    expect(await failure()).toMatch(/answers 304/);
  });

  test('[] is a legal empty list, without a reason: the guard decides', async () => {
    sd.answer(json([]));
    const report = await watch().next(isComplete);
    expect(report.instances).toEqual([]);
    expect(report.reason).toBeUndefined();
  });

  test.for<[name: string, answer: Parameters<FakeSd['answer']>[0], words: RegExp]>([
    ['500', raw(500, {}, ''), /answers 500 Internal Server Error$/],
    ['204', raw(204, {}, ''), /answers 204/],
    ['206', raw(206, { 'content-type': 'application/json' }, '[]'), /answers 206/],
    ['a login page', raw(200, { 'content-type': 'text/html' }, '<html>'), /content type "text\/html"/],
    ['no type', raw(200, {}, '[]'), /content type ""/],
    [
      'another charset',
      raw(200, { 'content-type': 'application/json; charset=latin1' }, '[]'),
      /only application\/json is read/,
    ],
    [
      'gzip',
      raw(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }, '[]'),
      /content-encoding "gzip"/,
    ],
    ['no JSON', raw(200, { 'content-type': 'application/json' }, '[{"targets":'), /not JSON/],
    ['nothing', raw(200, { 'content-type': 'application/json' }, ''), /not JSON/],
    [
      'a key twice',
      raw(200, { 'content-type': 'application/json' }, '[{"targets":[],"targets":[]}]'),
      /twice/,
    ],
    ['null', json(null), /expected/],
    ['an object', json({ targets: [] }), /expected/],
    ['a hostname', json([{ targets: ['web:80'] }]), /\[0\]\.targets\[0\]: "web" is not an IP address/],
    ['a port out of range', json([{ targets: ['10.0.0.1:70000'] }]), /ports are 1-65535/],
    ['a number as label', json([{ targets: [], labels: { a: 1 } }]), /\[0\]\.labels\.a: a label is text/],
    [
      'bytes that are not UTF-8',
      raw(200, { 'content-type': 'application/json' }, Buffer.from([0x5b, 0xff, 0x5d])),
      /not UTF-8/,
    ],
    [
      '9 MiB',
      raw(200, { 'content-type': 'application/json' }, Buffer.alloc(9 * 1024 * 1024, ' ')),
      /more than 8 MiB/,
    ],
    ['deep nesting', raw(200, { 'content-type': 'application/json' }, '['.repeat(1_000_000)), /not JSON/],
    [
      'a broken connection',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
        response.write('[', () => response.destroy());
      },
      /aborted|broke off/,
    ],
    ['a closed door', (request) => request.socket.destroy(), /socket hang up|ECONNRESET/],
  ])('SRC3: %s is a failure, and the next answer counts again', async ([, answer, words]) => {
    sd.answer(answer);
    watch();
    const message = await failure();
    expect(message).toMatch(words);
    expect(message.startsWith(`${sd.url}: `)).toBe(true);
    sd.answer(json(TWO));
    await clock.advance(500);
    expect(addressesOf(await watching.next(isComplete))).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  test('BAD6: names of Object.prototype in labels are names', async () => {
    sd.answer(
      raw(
        200,
        { 'content-type': 'application/json' },
        '[{"targets":["10.0.0.1"],"labels":{"constructor":"a","toString":"b"}}]',
      ),
    );
    const { instances } = await watch().next(isComplete);
    expect(instances[0]?.labels).toEqual({ 'http.label.constructor': 'a', 'http.label.toString': 'b' });
    expect(Object.hasOwn(Object.prototype, 'http.service')).toBe(false);
  });

  test('SRC5: 429 waits 60 to 240 s, 503 with Retry-After as long as it asks', async () => {
    sd.answer(raw(429, {}, ''));
    watch();
    expect(await watching.next(isFailure)).toMatchObject({ nextAttempt: 150_000 });
    sd.answer(raw(503, { 'retry-after': '30' }, ''));
    await clock.advance(150_000);
    expect(await watching.next(isFailure)).toMatchObject({ nextAttempt: 180_000 });
  });

  test('an answer that does not come is a failure at the timeout, and its connection is closed', async () => {
    sd.answer(() => undefined);
    watch({ timeout: '3s' });
    await expect.poll(() => sd.requests.length).toBe(1);
    await clock.advance(3000);
    expect(await failure()).toMatch(/: no answer within 3 s$/);
    await expect.poll(() => sd.requests[0]?.socket.destroyed).toBe(true);
  });

  test('SRC2: while a shrink is held it asks every 20 s', async () => {
    watch({}, { isHeld: (scope) => scope === sd.url });
    expect(await watching.next(isComplete)).toMatchObject({ nextAttempt: 20_000 });
  });

  test('SRC4: the scope of another URL is closed once this one has answered, not before', async () => {
    sd.answer(raw(500, {}, ''));
    watch({}, { knownScopes: ['http://old/', sd.url] });
    await failure();
    sd.answer(json(TWO));
    await clock.advance(500);
    await watching.next(isComplete);
    expect(await watching.next(isComplete)).toMatchObject({
      scope: 'http://old/',
      instances: [],
      reason: 'stated',
      closed: true,
    });
  });

  describe('BAD9', () => {
    let other: FakeSd;
    beforeEach(async () => {
      other = await startSd(json([{ targets: ['10.9.9.9:80'] }]));
    });
    afterEach(() => other.stop());

    test('a redirect within the origin is followed', async () => {
      sd.answer((request, response) => {
        const there = request.url === '/v2';
        (there ? json(TWO) : raw(307, { location: '/v2' }, ''))(request, response);
      });
      expect(addressesOf(await watch().next(isComplete))).toHaveLength(2);
    });

    test('a redirect to another port, host or scheme is not', async () => {
      for (const location of [other.url, `http://localhost:${sd.port}/`, `https://127.0.0.1:${sd.port}/`]) {
        sd.answer(raw(302, { location }, ''));
        watch();
        expect(await failure()).toMatch(/redirects to another place \(http/);
        await watching.stop();
      }
      expect(other.requests).toEqual([]);
      expect(sd.requests).toHaveLength(3);
    });

    test('a circle of redirects ends', async () => {
      sd.answer(raw(302, { location: '/targets' }, ''));
      watch();
      expect(await failure()).toMatch(/more than 5 redirects/);
      expect(sd.requests).toHaveLength(6);
    });

    test.each([
      'http://169.254.169.254/latest',
      'http://[::ffff:169.254.169.254]/',
      'http://[fd00:ec2::254]/',
      'http://2852039166/',
      'http://0xa9fea9fe/',
      'http://0.0.0.0/',
      'http://100.100.100.200/',
    ])('%s is refused in the config', (url) => {
      watch();
      expect(httpSource.schema.safeParse({ url }).success).toBe(false);
    });
  });

  describe('secrets', () => {
    const AUTHORIZATION = { secret: 'sd-token' };
    const seenHeader = () => sd.requests.at(-1)?.headers.authorization;

    test('the newest value of the secret is sent with each request', async () => {
      let value = 'first-token';
      watch({ authorization: AUTHORIZATION }, { secret: () => SecretBytes.fromUtf8(value) });
      await watching.next(isComplete);
      expect(seenHeader()).toBe('Bearer first-token');
      value = 'second-token\n';
      await clock.advance(60_000);
      await watching.next(() => true);
      expect(seenHeader()).toBe('Bearer second-token');
    });

    test('a file is read for each request; Basic encodes user:password', async () => {
      await writeFile(path.join(folder, 'auth'), 'user:pass\n');
      await watch({ authorization: { scheme: 'Basic', file: 'auth' } }).next(isComplete);
      expect(seenHeader()).toBe(`Basic ${Buffer.from('user:pass').toString('base64')}`);
    });

    test('a secret that is not there, empty or no header is a failure without a request or its value', async () => {
      const values: readonly [SecretBytes | undefined, RegExp][] = [
        [undefined, /the secret "sd-token" could not be read so far$/],
        [SecretBytes.fromUtf8(' \n'), /the secret "sd-token" is empty$/],
        [SecretBytes.fromUtf8('marker\r\nx: y'), /characters that no header can carry$/],
      ];
      for (const [value, words] of values) {
        watch({ authorization: AUTHORIZATION }, { secret: () => value });
        const message = await failure();
        expect(message).toMatch(words);
        expect(message).not.toMatch(/marker/);
        await watching.stop();
      }
      expect(sd.requests).toEqual([]);
    });

    test('the scope, which everybody sees, is without the query', async () => {
      const report = await watch({ url: `${sd.url}?key=marker-query` }).next(isComplete);
      expect(report.scope).toBe(sd.url);
      expect(sd.requests[0]?.url).toBe('/targets?key=marker-query');
    });

    test('a failure shows neither the secret nor the query', async () => {
      sd.answer(raw(403, {}, ''));
      watch(
        { url: `${sd.url}?key=marker-query`, authorization: AUTHORIZATION },
        { secret: () => SecretBytes.fromUtf8('marker-token') },
      );
      expect(await failure()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/targets: answers 403 Forbidden$/);
    });

    test('no file outside the folder of the config', async () => {
      watch({ authorization: { file: '../../etc/hostname' } });
      expect(await failure()).toMatch(/leads outside|does not exist/);
      expect(sd.requests).toEqual([]);
    });
  });

  test('tls.ca: only what it signed is trusted', async () => {
    const ca = await makeCa();
    const leaf = await makeCertificate({ issuer: ca, names: ['sd'], ips: ['127.0.0.1'] });
    const server = createServer({ key: leaf.privateKey, cert: leaf.chain }, (request, response) =>
      json(TWO)(request, response),
    );
    const stop = await listen(server, 0);
    const url = `https://127.0.0.1:${portOf(server)}/`;
    await writeFile(path.join(folder, 'ca.pem'), ca.certificate);
    watch({ url, tls: { ca: 'ca.pem' } });
    expect(addressesOf(await watching.next(isComplete))).toHaveLength(2);
    await watching.stop();
    watch({ url });
    expect(await failure()).toMatch(/self-signed|unable to (verify|get)/);
    await stop();
  });
});

describe('the options of the http source', () => {
  test.for<[name: string, options: object, words: RegExp]>([
    ['no URL', { url: 'sd.internal/targets' }, /not a URL/],
    ['ftp', { url: 'ftp://sd.internal/' }, /ftp: is not http or https/],
    ['file', { url: 'file:///etc/passwd' }, /file: is not http or https/],
    ['a password in the URL', { url: 'https://u:p@sd.internal/' }, /use authorization/],
    ['a fragment', { url: 'https://sd.internal/#x' }, /fragment/],
    [
      'a secret header',
      { url: 'https://sd/', headers: { Authorization: 'x' } },
      /never written in the config/,
    ],
    ['a cookie', { url: 'https://sd/', headers: { cookie: 'x' } }, /never written in the config/],
    ['our own header', { url: 'https://sd/', headers: { Host: 'x' } }, /muster sets this header itself/],
    ['a line break', { url: 'https://sd/', headers: { 'x-a': 'a\r\nb: c' } }, /Invalid character/],
    ['a bad name', { url: 'https://sd/', headers: { 'x a': 'b' } }, /valid HTTP token/],
    ['two secrets', { url: 'https://sd/', authorization: { secret: 'a', file: 'b' } }, /exactly one of/],
    ['no secret', { url: 'https://sd/', authorization: {} }, /exactly one of/],
    ['a secret in the clear', { url: 'http://sd/', authorization: { secret: 'a' } }, /plain http/],
    ['too often', { url: 'https://sd/', refresh: '10ms' }, /at least 1s/],
    ['an unknown key', { url: 'https://sd/', interval: '10s' }, /interval/],
  ])('%s is refused', ([, options, words]) => {
    const parsed = httpSource.schema.safeParse(options);
    expect(parsed.error?.issues.map(({ message }) => message).join()).toMatch(words);
  });

  test('over plain http a secret may go to this machine', () => {
    const authorization = { secret: 'a' };
    for (const url of ['http://127.0.0.1:1/', 'http://[::1]:1/', 'http://localhost/'])
      expect(httpSource.schema.safeParse({ url, authorization }).success).toBe(true);
  });
});
