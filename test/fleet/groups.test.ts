import { expect, test } from 'vitest';
import { decideGroup, type GroupRules, type NodeIdentity, type NodePeer } from '../../src/fleet/groups.ts';
import type { Config, GroupMatch } from '../../src/model/config.ts';
import { configOf, group } from './fixtures.ts';

const NODE: NodeIdentity = {
  id: 'n1',
  cluster: 'edge',
  region: 'eu',
  zone: 'eu-1',
  subZone: 'rack',
  metadata: {},
};
const LOOPBACK: NodePeer = { loopback: true, encrypted: false, uriSans: [] };
const RULES: GroupRules = { trustDomain: 'shop.test', allowPlaintext: false };
const CONFIG = configOf({
  groups: [group('edge', []), group('core', []), group('listed', [], { identities: ['urn:node:7'] })],
});

const SAN = 'spiffe://shop.test/group/edge/node/n1';
const withSans = (...uriSans: readonly string[]): NodePeer => ({ loopback: false, encrypted: true, uriSans });

function matching(match: Partial<GroupMatch>): Config {
  return configOf({ groups: [group('edge', [], { match: { metadata: new Map(), ...match } })] });
}

function decide(over: Partial<NodeIdentity>, peer: NodePeer = LOOPBACK, config: Config = CONFIG): string {
  const decision = decideGroup(config, { ...NODE, ...over }, peer, RULES);
  return 'group' in decision ? decision.group : `refused: ${decision.refused}`;
}

test('on loopback the cluster names the group', () => {
  expect(decide({})).toBe('edge');
  expect(decide({ cluster: 'core' })).toBe('core');
});

test('a node of no group is told its own words and the groups there are', () => {
  const text = decide({ cluster: 'egde' });
  expect(text).toMatch(/^refused: node "n1" \(cluster "egde"\) matches no group/);
  expect(text).toContain('"edge", "core", "listed"');
  expect(decide({}, LOOPBACK, configOf({}))).toContain('groups: none');
});

test('a node of two groups is refused with both names', () => {
  const match = { cluster: 'edge', metadata: new Map() };
  const config = configOf({ groups: [group('edge', []), group('copy', [], { match })] });
  expect(decide({}, LOOPBACK, config)).toMatch(/^refused: .*more than one group: "edge" and "copy"/);
});

test.each<readonly [string, Partial<GroupMatch>, Partial<NodeIdentity>, boolean]>([
  ['an id', { id: 'n1' }, {}, true],
  ['another id', { id: 'n2' }, {}, false],
  ['a locality in part', { locality: { region: 'eu' } }, {}, true],
  ['a locality in full', { locality: { region: 'eu', zone: 'eu-1', subZone: 'rack' } }, {}, true],
  ['another zone', { locality: { region: 'eu', zone: 'eu-2' } }, {}, false],
  ['another rack', { locality: { subZone: 'shelf' } }, {}, false],
  ['nothing at all', {}, { cluster: 'anything' }, true],
  ['all that is given', { id: 'n1', cluster: 'edge' }, { cluster: 'core' }, false],
])('match narrows by %s', (_what, match, node, fits) => {
  expect(decide(node, LOOPBACK, matching(match)).startsWith('refused')).toBe(!fits);
});

test.each<readonly [string, unknown, boolean]>([
  ['a nested value', { team: { name: 'shop' } }, true],
  ['a key that holds the dots itself', { 'team.name': 'shop' }, true],
  ['another value', { team: { name: 'other' } }, false],
  ['a number, by its digits', { team: { name: 5 } }, false],
  ['nothing there', {}, false],
  ['a list in its place', { team: ['shop'] }, false],
  ['null on the way', { team: null }, false],
  ['an object in its place', { team: { name: { shop: true } } }, false],
])('match on metadata: %s', (_what, metadata, fits) => {
  const config = matching({ metadata: new Map([['team.name', 'shop']]) });
  const answer = decide({ metadata: Object(metadata) }, LOOPBACK, config);
  expect(answer.startsWith('refused')).toBe(!fits);
});

test('match on metadata: numbers and booleans by their text, and nothing inherited', () => {
  const wanting = (path: string, value: string) => matching({ metadata: new Map([[path, value]]) });
  expect(decide({ metadata: { rack: 5 } }, LOOPBACK, wanting('rack', '5'))).toBe('edge');
  expect(decide({ metadata: { canary: true } }, LOOPBACK, wanting('canary', 'true'))).toBe('edge');
  expect(decide({}, LOOPBACK, wanting('constructor.name', 'Object'))).toContain('refused');
});

test('plaintext from beyond loopback is refused unless it was allowed', () => {
  const far: NodePeer = { loopback: false, encrypted: false, uriSans: [] };
  expect(decide({}, far)).toMatch(/^refused: plaintext xDS from beyond loopback is off.*allowPlaintext/);
  expect(decideGroup(CONFIG, NODE, far, { allowPlaintext: true })).toEqual({ group: 'edge' });
});

test('a certificate names the group and the node, segment by segment', () => {
  expect(decide({}, withSans(SAN))).toBe('edge');
});

test.each([
  ['another trust domain', 'spiffe://other.test/group/edge/node/n1'],
  ['a trust domain that only begins alike', 'spiffe://shop.test.evil/group/edge/node/n1'],
  ['a group that only begins alike', 'spiffe://shop.test/group/edg/node/n1'],
  ['more segments', 'spiffe://shop.test/group/edge/node/n1/x'],
  ['a slash at the end', 'spiffe://shop.test/group/edge/node/n1/'],
  ['an encoded slash', 'spiffe://shop.test/group/edge%2Fnode%2Fn1'],
  ['an empty group', 'spiffe://shop.test/group//node/n1'],
  ['an empty node', 'spiffe://shop.test/group/edge/node/'],
  ['other words', 'spiffe://shop.test/groups/edge/node/n1'],
  ['another scheme', 'https://shop.test/group/edge/node/n1'],
  ['upper case', 'SPIFFE://shop.test/group/edge/node/n1'],
  ['a parent segment', 'spiffe://shop.test/group/core/../edge/node/n1'],
  ['no path', 'spiffe://shop.test'],
  ['no slash before the path', 'spiffe://shop.testgroup/edge/node/n1'],
  ['an encoded letter', 'spiffe://shop.test/group/%65dge/node/n1'],
  ['an encoded word', 'spiffe://shop.test/%67roup/edge/node/n1'],
  ['an upper-case group', 'spiffe://shop.test/group/EDGE/node/n1'],
  ['an upper-case trust domain', 'spiffe://SHOP.TEST/group/edge/node/n1'],
  ['an upper-case word', 'spiffe://shop.test/Group/edge/node/n1'],
  ['an empty segment in front', 'spiffe://shop.test//group/edge/node/n1'],
  ['an empty segment within', 'spiffe://shop.test/group/edge//node/n1'],
  ['a port', 'spiffe://shop.test:443/group/edge/node/n1'],
  ['a user', 'spiffe://shop.test@evil/group/edge/node/n1'],
  ['a query in the group', 'spiffe://shop.test/group/edge?x/node/n1'],
  ['a space', 'spiffe://shop.test/group/edge /node/n1'],
  ['a line break at the end of the group', 'spiffe://shop.test/group/edge\n/node/n1'],
  ['an inherited name', 'spiffe://shop.test/group/constructor/node/n1'],
])('a certificate with %s is no identity of ours', (_what, san) => {
  expect(decide({}, withSans(san))).toMatch(/^refused: the certificate's identity .* names no group/s);
});

test('without a trust domain only exact identities count', () => {
  const answer = decideGroup(CONFIG, NODE, withSans(SAN), { allowPlaintext: false });
  expect(answer).toHaveProperty('refused');
});

test.each([
  ['a slash at the end', `${SAN}/`, 'n1/'],
  ['a query', `${SAN}?x`, 'n1'],
  ['a fragment', `${SAN}#x`, 'n1'],
  ['an encoded letter', 'spiffe://shop.test/group/edge/node/n%31', 'n1'],
  ['another case', 'spiffe://shop.test/group/edge/node/N1', 'n1'],
])('the id in a certificate is compared as it is: %s', (_what, san, id) => {
  expect(decide({ id }, withSans(san))).toMatch(/^refused: the certificate/);
});

test('a certificate is for one node: the id that the node gives must be it', () => {
  expect(decide({ id: 'n2' }, withSans(SAN))).toMatch(
    /^refused: the certificate is for node "n1", the node calls itself "n2"/,
  );
});

test('a certificate must have exactly one URI SAN', () => {
  expect(decide({}, withSans())).toMatch(/^refused: .*exactly one URI SAN, it has 0/);
  expect(decide({}, withSans(SAN, 'spiffe://shop.test/group/core/node/n1'))).toMatch(/it has 2/);
});

test('match narrows within what the certificate allows and never widens it', () => {
  expect(decide({ cluster: 'core' }, withSans(SAN))).toMatch(/^refused: .*its certificate allows no other/);
});

test('an exact identity admits to the group that lists it, whatever its node id', () => {
  expect(decide({ id: 'any', cluster: 'listed' }, withSans('urn:node:7'))).toBe('listed');
  expect(decide({ cluster: 'edge' }, withSans('urn:node:7'))).toContain('refused');
  expect(decide({ cluster: 'listed' }, withSans('urn:node:77'))).toContain('refused');
});
