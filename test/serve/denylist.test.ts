import { expect, test } from 'vitest';
import { isDenied, parseDenylist } from '../../src/serve/denylist.ts';
import type { Peer } from '../../src/xds/server/peer.ts';

const SAN = 'spiffe://example.org/group/edge/node/n1';
const PRINT = 'ab'.repeat(32);
const PEER: Peer = {
  address: '10.0.0.1',
  loopback: false,
  encrypted: true,
  uriSans: [SAN],
  certificateFingerprint: PRINT,
  certificateSerial: '1f',
};

function denies(text: string, peer: Peer = PEER): boolean {
  const parsed = parseDenylist(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return isDenied(parsed.list, peer);
}

test.each([
  ['its identity', SAN],
  ['its fingerprint', `sha256:${PRINT}`],
  ['its fingerprint as openssl prints it', `SHA256:${PRINT.toUpperCase().replace(/..(?=.)/g, '$&:')}`],
  ['its serial', 'serial:1f'],
  ['its serial with zeros and colons', 'serial:00:1F'],
  ['one of many lines', `# revoked in May\r\n\r\nserial:2\n  ${SAN}   # stolen\n`],
])('a peer is denied by %s', (_, text) => {
  expect(denies(text)).toBe(true);
});

test.each([
  ['nothing', ''],
  ['a prefix of its identity', SAN.slice(0, -1)],
  ['a longer identity', `${SAN}1`],
  ['another case', SAN.toUpperCase().replace('SPIFFE', 'spiffe')],
  ['a comment', `# ${SAN}`],
  ['another serial', 'serial:1f0'],
])('a peer is not denied by %s', (_, text) => {
  expect(denies(text)).toBe(false);
});

test('any of several identities is enough, and plaintext has none', () => {
  expect(denies(SAN, { ...PEER, uriSans: ['spiffe://x/y', SAN] })).toBe(true);
  expect(denies(SAN, { address: '10.0.0.1', loopback: false, encrypted: false, uriSans: [] })).toBe(false);
});

test.each([
  ['a bare name', 'n1', 1],
  ['a short fingerprint', `# x\nsha256:${PRINT.slice(2)}`, 2],
  ['a serial that is no hex', 'serial:xyz', 1],
  ['two entries on a line', `${SAN} ${SAN}`, 1],
])('a list with %s is refused as a whole, with the line', (_, text, line) => {
  expect(parseDenylist(text)).toEqual({
    problem: expect.stringMatching(new RegExp(`^line ${line}: expected`)),
  });
});
