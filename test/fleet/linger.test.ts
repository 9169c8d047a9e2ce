import { expect, test } from 'vitest';
import { LINGER_MS, LingerList } from '../../src/fleet/linger.ts';

test('what is out of use stays for a minute and until all nodes have ACKed without it', () => {
  const list = new LingerList();
  expect(list.keep('a', 100)).toBe(true);
  expect(list.release(100 + LINGER_MS - 1, true)).toBe(false);
  expect(list.release(100 + 10 * LINGER_MS, false)).toBe(false);
  expect(list.keep('a', 200)).toBe(true);
  expect(list.release(100 + LINGER_MS, true)).toBe(true);
  expect(list.keep('a', 100 + LINGER_MS)).toBe(false);
  expect(list.size).toBe(0);
});

test('a release is told once', () => {
  const list = new LingerList();
  list.keep('a', 0);
  expect(list.release(LINGER_MS, true)).toBe(true);
  expect(list.release(LINGER_MS, true)).toBe(false);
});

test('what is used again starts anew when it goes out of use once more, released or not', () => {
  for (const released of [false, true]) {
    const list = new LingerList();
    list.keep('a', 0);
    if (released) list.release(LINGER_MS, true);
    list.remove('a');
    expect(list.has('a')).toBe(false);
    expect(list.keep('a', LINGER_MS)).toBe(true);
    expect(list.release(2 * LINGER_MS - 1, true)).toBe(false);
    expect(list.release(2 * LINGER_MS, true)).toBe(true);
  }
});

test('each thing has its own clock', () => {
  const list = new LingerList();
  list.keep('a', 0);
  list.keep('b', 1);
  expect(list.release(LINGER_MS, true)).toBe(true);
  expect([list.keep('a', LINGER_MS), list.keep('b', LINGER_MS)]).toEqual([false, true]);
});
