import { expect, test } from 'vitest';
import { ec2SourceOptions } from '../../../src/discovery/ec2/schema.ts';

const ROLE = 'arn:aws:iam::123456789012:role/muster';

function problems(options: object): readonly string[] {
  const { error } = ec2SourceOptions.safeParse({ regions: ['eu-west-1'], ...options });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('the least there is to write: a region', () => {
  expect(ec2SourceOptions.parse({ regions: ['eu-west-1'] })).toMatchObject({
    accounts: [{}],
    filters: {},
    address: 'privateIpv4',
    interval: 30_000,
    statusChecks: false,
  });
});

test('a filter is a text or a list; equal ones are written alike', () => {
  const { filters } = ec2SourceOptions.parse({
    regions: ['eu-west-1'],
    filters: { 'tag:app': ['b', 'a', 'b'], 'vpc-id': 'vpc-1' },
  });
  expect(filters).toEqual({ 'tag:app': ['a', 'b'], 'vpc-id': ['vpc-1'] });
});

test.each<[string, object, RegExp]>([
  ['no region', { regions: [] }, /regions: name at least one region/],
  ['a region that is a host', { regions: ['evil.example.com/'] }, /a region is written like eu-west-1/],
  ['a region twice', { regions: ['eu-west-1', 'eu-west-1'] }, /the region eu-west-1 is named twice/],
  ['a filter without values', { filters: { 'tag:app': [] } }, /empty/],
  ['a filter with an empty value', { filters: { 'tag:app': '' } }, /empty/],
  ['a filter with an empty value in a list', { filters: { 'tag:app': ['web', ''] } }, /empty/],
  ['a filter without a name', { filters: { '': 'web' } }, /filters/],
  ['no account', { accounts: [] }, /accounts: name at least one account/],
  ['an account id as a number', { accounts: [{ id: 123_456_789_012 }] }, /write it in quotes/],
  ['a short account id', { accounts: [{ id: '123' }] }, /12 digits/],
  [
    'two accounts of one name',
    { accounts: [{ id: '123456789012' }, { assumeRole: { roleArn: ROLE } }] },
    /the account 123456789012 is named twice/,
  ],
  ['no role', { accounts: [{ assumeRole: { roleArn: 'muster' } }] }, /write arn:aws:iam::/],
  [
    'a session name with spaces',
    { accounts: [{ assumeRole: { roleArn: ROLE, sessionName: 'a b' } }] },
    /2 to 64 letters/,
  ],
  ['too often', { interval: '4s' }, /interval: 5s to 1h/],
  ['port and ports', { port: 1, ports: { http: 2 } }, /write port or ports, not both/],
  ['port 0', { port: 0 }, /port: /],
  ['port 65536', { ports: { http: 65_536 } }, /ports.http: /],
  ['an interface chosen by nothing', { address: { eni: {} } }, /address/],
  ['an interface chosen twice', { address: { eni: { index: 1, subnet: 's' } } }, /address/],
  ['an unknown word', { adress: 'ipv6' }, /adress/],
  ['an endpoint that is no URL', { endpoint: 'ec2.example.com' }, /write a URL/],
  ['an endpoint with a password', { endpoint: 'https://a:b@ec2.example.com' }, /no user or password/],
  ['STS in the clear', { stsEndpoint: 'http://sts.example.com' }, /https:\/\//],
])('%s is refused in words', (_, options, words) => {
  expect(problems(options).join('\n')).toMatch(words);
});

test('STS in the clear on this machine is for trying things out', () => {
  for (const host of ['127.0.0.1:5000', '[::1]:5000', 'localhost:5000'])
    expect(problems({ stsEndpoint: `http://${host}` })).toEqual([]);
});
