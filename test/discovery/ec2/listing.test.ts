import { expect, test } from 'vitest';
import { listInstances } from '../../../src/discovery/ec2/listing.ts';
import type { ListingRequest } from '../../../src/discovery/ec2/protocol.ts';
import { type FakeCalls, facts, fakeCalls, LISTING, named } from './fake-calls.ts';

const signal = new AbortController().signal;

async function idsFrom(calls: FakeCalls, request: Partial<ListingRequest> = {}): Promise<readonly string[]> {
  return [...(await listInstances(calls, { ...LISTING, ...request }, signal)).keys()];
}

function page(id: string, nextToken?: string) {
  return { items: [facts(id)], nextToken };
}

test('SRC9: every page, in the order of their tokens; an instance that two pages have counts once', async () => {
  const calls = fakeCalls(({ nextToken }) =>
    nextToken === undefined ? page('i-1', 'a') : nextToken === 'a' ? page('i-2', 'b') : page('i-1'),
  );
  expect(await idsFrom(calls)).toEqual(['i-1', 'i-2']);
  expect(calls.asked).toEqual(['@', '@a', '@b']);
});

test('SRC9: half of the pages, then an error: nothing', async () => {
  const calls = fakeCalls(({ nextToken }) =>
    nextToken === undefined ? page('i-1', 'a') : named('UnauthorizedOperation', 'no'),
  );
  await expect(idsFrom(calls)).rejects.toThrow('no');
});

test('SRC9: while a zone is impaired each zone is asked by itself, and all of them are joined', async () => {
  const calls = fakeCalls(({ filters, nextToken }) => {
    const zone = filters.find(({ name }) => name === 'availability-zone')?.values[0];
    if (zone === undefined) return named('InternalError', 'a zone is impaired');
    if (zone === 'eu-west-1a') return nextToken === undefined ? page('i-1', 'a') : page('i-2');
    return page('i-3');
  });
  const filters = [{ name: 'tag:app', values: ['web'] }];
  expect(await idsFrom(calls, { filters })).toEqual(['i-1', 'i-2', 'i-3']);
  expect(calls.asked).toEqual([
    'tag:app=web@',
    'tag:app=web&availability-zone=eu-west-1a@',
    'tag:app=web&availability-zone=eu-west-1a@a',
    'tag:app=web&availability-zone=eu-west-1b@',
  ]);
});

test('SRC9: a zone that does not answer makes the listing fail: never a part', async () => {
  const calls = fakeCalls(({ filters }) =>
    filters.some(({ values }) => values[0] === 'eu-west-1a')
      ? page('i-1')
      : named('ServiceUnavailable', 'impaired'),
  );
  await expect(idsFrom(calls)).rejects.toThrow('impaired');
  expect(calls.asked).toHaveLength(3);
});

test('SRC9: zones that the user filters by are the ones asked, others are not', async () => {
  const calls = fakeCalls(({ filters }) =>
    filters[0]?.values.length === 2 ? named('InternalError', '') : page(`i-${filters[0]?.values[0]?.length}`),
  );
  const filters = [{ name: 'availability-zone', values: ['a', 'bb'] }];
  expect(await idsFrom(calls, { filters })).toEqual(['i-1', 'i-2']);
});

test('SRC9: throttling and refusals are no reason to ask each zone', async () => {
  for (const name of ['RequestLimitExceeded', 'UnauthorizedOperation', 'AuthFailure']) {
    const calls = fakeCalls(() => named(name, name));
    await expect(idsFrom(calls)).rejects.toThrow(name);
    expect(calls.asked).toEqual(['@']);
  }
});

test('SRC9: the zones cannot be listed: the first error is told', async () => {
  const zones = async () => {
    throw named('UnauthorizedOperation', 'no zones');
  };
  const calls = fakeCalls(() => named('InternalError', 'the region'), { zones });
  await expect(idsFrom(calls)).rejects.toThrow('the region');
});

test('a page token that expires: from the start, once', async () => {
  const expired = named('InvalidPaginationToken', 'expired');
  const once = fakeCalls(({ nextToken }, asked) =>
    nextToken === undefined ? page(asked === 1 ? 'i-1' : 'i-2', 'a') : asked === 2 ? expired : page('i-3'),
  );
  expect(await idsFrom(once)).toEqual(['i-2', 'i-3']);
  expect(once.asked).toEqual(['@', '@a', '@', '@a']);

  const always = fakeCalls(({ nextToken }) => (nextToken === undefined ? page('i-1', 'a') : expired));
  await expect(idsFrom(always)).rejects.toThrow('expired');
  expect(always.asked).toHaveLength(4);
});

test('pages that lead in a circle are an error, not an endless loop', async () => {
  const calls = fakeCalls(({ nextToken }) => page('i-1', nextToken === 'a' ? 'b' : 'a'));
  await expect(idsFrom(calls)).rejects.toThrow('do not end');
});

test('status checks: impaired by either check; when they cannot be read nothing is', async () => {
  const statuses = async ({ filters }: { filters: readonly { readonly name: string }[] }) => ({
    items: [filters[0]?.name === 'system-status.status' ? 'i-1' : 'i-2'],
    nextToken: undefined,
  });
  const all = { items: ['i-1', 'i-2', 'i-3'].map((id) => facts(id)), nextToken: undefined };
  const listed = await listInstances(
    fakeCalls(() => all, { statuses }),
    { ...LISTING, statusChecks: true },
    signal,
  );
  expect([...listed.values()].map(({ impaired }) => impaired)).toEqual([true, true, false]);

  const broken = async () => {
    throw named('UnauthorizedOperation', 'no statuses');
  };
  const calls = fakeCalls(() => all, { statuses: broken });
  await expect(idsFrom(calls, { statusChecks: true })).rejects.toThrow('no statuses');
});

test('SRC11: interfaces with the wanted tag are marked', async () => {
  const one = {
    id: 'eni-1',
    index: 0,
    subnet: 's',
    tagged: false,
    privateIpv4: '10.0.0.1',
    publicIpv4: undefined,
    ipv6: undefined,
  };
  const items = [facts('i-1', { interfaces: [one, { ...one, id: 'eni-2' }] })];
  const interfaces = async () => ({ items: ['eni-2'], nextToken: undefined });
  const calls = fakeCalls(() => ({ items, nextToken: undefined }), { interfaces });
  const listed = await listInstances(calls, { ...LISTING, interfaceTag: { key: 'role' } }, signal);
  expect(listed.get('i-1')?.interfaces.map(({ tagged }) => tagged)).toEqual([false, true]);
});
