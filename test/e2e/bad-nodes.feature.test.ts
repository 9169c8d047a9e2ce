import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { status as grpc } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { TYPE_URL } from '../../src/xds/type-urls.ts';
import { until } from '../parts/until.ts';
import type { RawStream } from '../xds/raw-client.ts';
import { DELTA, SOTW } from '../xds/server/fixture.ts';
import { startHealthy } from './healthy.ts';
import type { TestReplica } from './replica.ts';

const { cluster: CDS, endpoint: EDS, route: RDS } = TYPE_URL;

function metadata(values: Readonly<Record<string, string>>): object {
  const fields = Object.entries(values).map(([key, stringValue]) => [key, { stringValue }]);
  return { fields: Object.fromEntries(fields) };
}

/** Two groups that a node can be in at once. */
const OVERLAPPING = {
  groups: {
    east: { match: { metadata: { site: 'east' } }, listeners: ['web'] },
    blue: { match: { metadata: { colour: 'blue' } }, listeners: ['web'] },
  },
};

test.each([DELTA, SOTW])('a node of no group, or of two, is refused in words: %s', async (path) => {
  const healthy = await startHealthy({ more: OVERLAPPING });
  const client = healthy.raw();
  const lost = client.stream(path);
  lost.send({ node: { id: 'lost', cluster: 'nowhere' }, typeUrl: CDS });
  const none = await lost.status;
  expect(none.code).toBe(grpc.PERMISSION_DENIED);
  expect(none.details).toMatch(/"lost".*matches no group.*"edge"/);

  const torn = client.stream(path);
  torn.send({
    node: { id: 'torn', cluster: 'nowhere', metadata: metadata({ site: 'east', colour: 'blue' }) },
    typeUrl: CDS,
  });
  const two = await torn.status;
  expect(two.code).toBe(grpc.PERMISSION_DENIED);
  expect(two.details).toMatch(/"torn".*more than one group.*"blue" and "east"/);

  const { refused, nodes } = await healthy.replica.nodes();
  expect(refused).toMatchObject([
    { id: 'lost', count: 1 },
    { id: 'torn', count: 1 },
  ]);
  expect(nodes.map(({ id }) => id)).toEqual(['n1']);
  expect(healthy.replica.log()).toContain('node refused');
  await healthy.expectUnharmed();
});

test('A2: a node id that is missing, 10 kB long or holds control characters is refused in words', async () => {
  const healthy = await startHealthy();
  const client = healthy.raw();
  const cases = [
    { id: '', words: 'must carry node.id' },
    { id: 'x'.repeat(10_000), words: '10000 characters' },
    { id: 'n1\nforged: line', words: 'control character' },
    { id: 'n1\u0000', words: 'control character' },
  ];
  for (const { id, words } of cases) {
    const stream = client.stream(DELTA);
    stream.send({ node: { id, cluster: 'edge' }, typeUrl: CDS });
    const { code, details } = await stream.status;
    expect(code).toBe(grpc.INVALID_ARGUMENT);
    expect(details).toContain(words);
  }
  expect(healthy.replica.log()).not.toContain('forged: line\n');
  await healthy.expectUnharmed();
});

test('R2: an unknown type URL is held, and the other types of its stream are served', async () => {
  const healthy = await startHealthy();
  const stream = healthy.raw().stream(DELTA);
  const typeUrl = 'type.googleapis.com/example.v1.Nothing';
  stream.send({ node: { id: 'odd', cluster: 'edge' }, typeUrl, resourceNamesSubscribe: ['x'] });
  stream.send({ typeUrl: CDS });
  const answers = [await stream.next(), await stream.next()];
  expect(answers.find((answer) => answer.typeUrl === typeUrl)?.removed).toEqual(['x']);
  expect(answers.find((answer) => answer.typeUrl === CDS)?.names).toEqual(['web']);
  await healthy.expectUnharmed();
});

/** Answers everything with a NACK until it is told to stop; counts what came of each type. */
function refuseAll(stream: RawStream): { readonly came: string[]; readonly done: Promise<void> } {
  const came: string[] = [];
  const run = async (): Promise<void> => {
    for (;;) {
      const { typeUrl, nonce, versions } = await stream.next();
      came.push(`${typeUrl} ${JSON.stringify(versions)}`);
      stream.send({ typeUrl, responseNonce: nonce, errorDetail: { code: 3, message: 'never' } });
    }
  };
  // It ends with the stream.
  return { came, done: run().catch(() => undefined) };
}

async function cpuSeconds(replica: TestReplica): Promise<number> {
  const text = await replica.metrics();
  return Number(/^process_cpu_seconds_total ([\d.e+-]+)/m.exec(text)?.[1]);
}

test('FAULT12: NACK for ever costs at most one resend per version and under 5 % of CPU', async () => {
  const healthy = await startHealthy({ child: true });
  const client = healthy.raw();
  const refusing = Array.from({ length: 20 }, (_, at) => {
    const stream = client.stream(DELTA);
    stream.send({
      node: { id: `nack-${at}`, cluster: 'edge' },
      typeUrl: EDS,
      resourceNamesSubscribe: ['web'],
    });
    stream.send({ typeUrl: RDS, resourceNamesSubscribe: ['web'] });
    return { stream, ...refuseAll(stream) };
  });
  await until('each to refuse both types', () => refusing.every(({ came }) => came.length >= 2));
  const began = performance.now();
  const before = await cpuSeconds(healthy.replica);
  // The window of the measurement, not a wait for something.
  await until('the window to pass', () => performance.now() - began > 3_000, { everyMs: 200 });
  const share = ((await cpuSeconds(healthy.replica)) - before) / ((performance.now() - began) / 1000);
  expect(share).toBeLessThan(0.05);
  await healthy.edit('another version');
  await until('the new version to reach them', () => refusing.every(({ came }) => came.length >= 3));
  await healthy.expectUnharmed();
  for (const { came, stream, done } of refusing) {
    for (const version of new Set(came)) expect(came.filter((one) => one === version).length).toBeLessThan(3);
    stream.cancel();
    await done;
  }
});

test('a client that never reads holds up nobody, and is owed one response of a type', async () => {
  const healthy = await startHealthy();
  const stream = healthy.raw().stream(DELTA);
  stream.pause();
  stream.send({ node: { id: 'deaf', cluster: 'edge' }, typeUrl: RDS, resourceNamesSubscribe: ['web'] });
  await until('it to be known', async () => (await healthy.replica.nodes()).nodes.length === 2);
  for (let edition = 0; edition < 10; edition += 1) await healthy.edit(`edition ${edition}`);
  stream.resume();
  const first = await stream.next();
  await healthy.edit('last');
  expect(stream.waiting).toBe(0);
  stream.send({ typeUrl: RDS, responseNonce: first.nonce });
  const second = await stream.next();
  expect(second.versions).not.toEqual(first.versions);
  expect(Buffer.from(second.resources[0]?.value ?? []).includes('last')).toBe(true);
  await healthy.expectUnharmed();
});

test('garbage bytes on the gRPC port end that connection and no other', async () => {
  const healthy = await startHealthy();
  const inputs = [
    randomBytes(65_536),
    Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
    Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), randomBytes(4096)]),
  ];
  for (const bytes of inputs) {
    const socket = connect(healthy.replica.xdsPort, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    // A reset is as good an end as any.
    socket.on('error', () => undefined);
    socket.resume();
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.write(bytes);
    await closed;
  }
  const stream = healthy.raw().stream(DELTA);
  stream.sendBytes(randomBytes(300));
  expect((await stream.status).code).not.toBe(grpc.OK);
  await healthy.expectUnharmed();
});
