import type { LookupAddress, LookupOptions } from 'node:dns';
import { afterEach, expect, test, vi } from 'vitest';
import { httpSource } from '../../../src/discovery/http/index.ts';
import { addressesOf, isComplete, isFailure, type Watching, watchSource } from '../suite.ts';
import { type FakeSd, json, startSd } from './fake-sd.ts';

type Callback = (error: Error | null, addresses: LookupAddress[]) => void;

/** What the system's resolver says of every name, one answer for each time it is asked. */
const answers: LookupAddress[][] = [];
vi.mock('node:dns', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:dns')>()),
  lookup: (_name: string, _options: LookupOptions, callback: Callback) =>
    callback(null, answers.shift() ?? []),
}));

let sd: FakeSd;
let watching: Watching;
afterEach(async () => {
  await watching.stop();
  await sd.stop();
});

async function watch(): Promise<void> {
  sd = await startSd(json([{ targets: ['10.0.0.1:80'] }]));
  const options = httpSource.schema.parse({ url: `http://sd.internal:${sd.port}/`, refresh: '1s' });
  watching = watchSource(httpSource.create(options, { name: 'sd', baseDir: '.' }));
}

test.each(['169.254.169.254', '::ffff:169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '0.0.0.0'])(
  'BAD9: a name that leads to %s is not connected to',
  async (address) => {
    const family = address.includes(':') ? 6 : 4;
    answers.push([
      { address: '127.0.0.1', family: 4 },
      { address, family },
    ]);
    await watch();
    const { message } = (await watching.next(isFailure)).error;
    expect(message).toMatch(/sd\.internal: .* is (a cloud's metadata service|the unspecified address)/);
    expect(sd.requests).toEqual([]);
  },
);

test('BAD9: judged at each connection: what was good once is judged anew', async () => {
  answers.push([{ address: '127.0.0.1', family: 4 }], [{ address: '169.254.169.254', family: 4 }]);
  await watch();
  expect(addressesOf(await watching.next(isComplete))).toEqual(['10.0.0.1']);
  expect((await watching.next(isFailure)).error.message).toMatch(
    /sd\.internal: 169\.254\.169\.254 is a cloud's/,
  );
  expect(sd.requests).toHaveLength(1);
});

test('a name without an address is a failure', async () => {
  answers.push([]);
  await watch();
  expect((await watching.next(isFailure)).error.message).toMatch(/sd\.internal has no address/);
});
