import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../../parts/until.ts';
import { isComplete, isFailure } from '../suite.ts';
import { type Ec2Proxy, ec2Error, instancesPage, reservation, startEc2Proxy } from './proxy.ts';
import { idsIn, useTestCredentials, watchEc2 } from './source.ts';

let ec2: Ec2Proxy;
beforeAll(async () => {
  useTestCredentials();
  ec2 = await startEc2Proxy();
});
afterAll(() => ec2?.stop());
beforeEach(() => {
  ec2.calls.length = 0;
  ec2.answer = () => ONE;
});

const ONE = instancesPage(reservation({ id: 'i-1', address: '10.0.0.1' }));

test.each([
  ['an empty 200', { body: '' }, /is empty/],
  ['HTML with 200', { body: '<html><body>Log in</body></html>', type: 'text/html' }, /HTML.*login page/],
  [
    'another answer with 200',
    { body: '<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>' },
    /not the one of EC2/,
  ],
  ['a 200 that ends in the middle', { body: ONE.body.slice(0, -20) }, /ends in the middle/],
  [
    'HTML with 500',
    { status: 500, body: '<html>Internal Server Error</html>', type: 'text/html' },
    /the API fails/,
  ],
  ['a 404', { status: 404, body: 'not found', type: 'text/plain' }, /EC2 in account default/],
])('SRC3: %s is a failure, never "no instances"', async (_, answer, words) => {
  ec2.answer = () => answer;
  const watching = watchEc2(ec2.url);
  const { error } = await watching.next(isFailure);
  expect(error.message).toMatch(words);
  expect(error.message).not.toMatch(/muster-test-secret/);
  ec2.answer = () => ONE;
  await watching.next(isComplete);
  expect(watching.seen.filter(isComplete).map(idsIn)).toEqual([['i-1']]);
});

test('SRC9: an empty list that EC2 really sends is believed', async () => {
  ec2.answer = () => instancesPage('');
  expect((await watchEc2(ec2.url).next(isComplete)).instances).toEqual([]);
});

test('SRC9: pages of a thousand are asked for, with the filters, and followed to the end', async () => {
  ec2.answer = ({ parameters }) => {
    const at = Number(parameters.get('NextToken') ?? '0');
    return instancesPage(
      reservation({ id: `i-${at}`, address: `10.0.0.${at + 1}` }),
      at < 2 ? String(at + 1) : undefined,
    );
  };
  const watching = watchEc2(ec2.url, { filters: { 'tag:app': ['web', 'shop'] } });
  expect(idsIn(await watching.next(isComplete))).toEqual(['i-0', 'i-1', 'i-2']);
  for (const { parameters } of ec2.calls) {
    expect(Object.fromEntries(parameters)).toMatchObject({
      Action: 'DescribeInstances',
      MaxResults: '1000',
      'Filter.1.Name': 'tag:app',
      'Filter.1.Value.1': 'shop',
      'Filter.1.Value.2': 'web',
    });
  }
});

test('FAULT6: 503 RequestLimitExceeded: each of the retries counts, 5 s apart', async () => {
  ec2.answer = () => ec2Error(503, 'RequestLimitExceeded', 'Request limit exceeded.');
  const watching = watchEc2(ec2.url);
  await until('a third call', () => ec2.calls.length >= 3, { timeoutMs: 20_000 });
  const gaps = ec2.calls.slice(1).map(({ at }, index) => at - (ec2.calls[index]?.at ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThan(4_900);
  const { error } = await watching.next(isFailure);
  expect(error.message).toContain('throttled');
  expect(watching.seen.filter(isComplete)).toEqual([]);
});

test('SRC9: the region fails while a zone is impaired: each zone is asked, every zone must answer', async () => {
  let whole = false;
  ec2.answer = ({ action, parameters }) => {
    if (action === 'DescribeAvailabilityZones') {
      const zones = ['eu-west-1a', 'eu-west-1b'].map((name) => `<item><zoneName>${name}</zoneName></item>`);
      return {
        body: `<DescribeAvailabilityZonesResponse><requestId>r</requestId><availabilityZoneInfo>${zones.join('')}</availabilityZoneInfo></DescribeAvailabilityZonesResponse>`,
      };
    }
    const zone = parameters.get('Filter.1.Value.1');
    if (zone === null || (zone === 'eu-west-1b' && !whole))
      return ec2Error(500, 'InternalError', 'An internal error has occurred');
    return instancesPage(reservation({ id: `i-${zone}`, address: '10.0.0.1', zone }));
  };
  const watching = watchEc2(ec2.url);
  expect((await watching.next(isFailure)).error.message).toContain('the API fails');
  whole = true;
  expect(idsIn(await watching.next(isComplete))).toEqual(['i-eu-west-1a', 'i-eu-west-1b']);
  expect(watching.seen.filter(isComplete)).toHaveLength(1);
}, 60_000);

test('status checks: impaired is UNHEALTHY', async () => {
  ec2.answer = ({ action, parameters }) => {
    if (action === 'DescribeInstances')
      return instancesPage(
        ['i-1', 'i-2'].map((id, at) => reservation({ id, address: `10.0.0.${at + 1}` })).join(''),
      );
    const impaired = parameters.get('Filter.1.Name') === 'system-status.status';
    const items = impaired ? '<item><instanceId>i-2</instanceId></item>' : '';
    return {
      body: `<DescribeInstanceStatusResponse><requestId>r</requestId><instanceStatusSet>${items}</instanceStatusSet></DescribeInstanceStatusResponse>`,
    };
  };
  const { instances } = await watchEc2(ec2.url, { statusChecks: true }).next(isComplete);
  expect(instances.map(({ health }) => health)).toEqual(['HEALTHY', 'UNHEALTHY']);
});

test('tags come through the wire as they are', async () => {
  const tags = { app: 'web', App: 'shop', quotes: `"'&<>`, lines: 'a\nb', long: 'ü'.repeat(256), 大: 'é' };
  ec2.answer = () => instancesPage(reservation({ id: 'i-1', address: '10.0.0.1', tags }));
  const { instances } = await watchEc2(ec2.url).next(isComplete);
  expect(instances[0]?.labels).toMatchObject(
    Object.fromEntries(Object.entries(tags).map(([key, value]) => [`ec2.tag.${key}`, value])),
  );
});
