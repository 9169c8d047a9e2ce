import { afterAll, beforeAll } from 'vitest';
import { until } from './until.ts';

/** What a test file must have closed when it ends: servers, child processes, file watchers. */
const WATCHED = new Set(['TCPServerWrap', 'ProcessWrap', 'FSEventWrap', 'StatWatcher']);

let before = 0;
beforeAll(() => {
  before = open().length;
});

// Registered before those of the file, so it runs after them.
afterAll(async () => {
  await until('every handle of this file to be closed', () => open().length <= before, {
    timeoutMs: 2_000,
  }).catch((error: unknown) => {
    throw new Error(`this test file left open: ${open().join(', ')}`, { cause: error });
  });
});

function open(): string[] {
  return process.getActiveResourcesInfo().filter((name) => WATCHED.has(name));
}
