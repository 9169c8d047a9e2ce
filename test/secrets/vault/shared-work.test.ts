import { expect, test } from 'vitest';
import { SharedWork } from '../../../src/secrets/vault/shared-work.ts';

function working() {
  const shared = new SharedWork<string>(new AbortController().signal);
  const result = Promise.withResolvers<string>();
  const signals: AbortSignal[] = [];
  const run = (signal: AbortSignal) =>
    shared.run(
      'key',
      (own) => {
        signals.push(own);
        return result.promise;
      },
      signal,
    );
  return { run, result, signals };
}

test('one who gives up leaves the others with it; the last one ends it', async () => {
  const { run, signals } = working();
  const [first, second] = [new AbortController(), new AbortController()];
  const reads = [run(first.signal), run(second.signal)];
  first.abort(new Error('enough'));
  await expect(reads[0]).rejects.toThrow('enough');
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  second.abort(new Error('enough'));
  await expect(reads[1]).rejects.toThrow('enough');
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
});

test('what has ended is done anew for the next one, and not aborted', async () => {
  const { run, result, signals } = working();
  const never = new AbortController().signal;
  const reads = [run(never), run(never)];
  result.resolve('done');
  expect(await Promise.all(reads)).toEqual(['done', 'done']);
  await run(never);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
});

test('the end of all ends it', async () => {
  const life = new AbortController();
  const shared = new SharedWork<string>(life.signal);
  const never = new AbortController().signal;
  const read = shared.run(
    'key',
    (own) =>
      new Promise((_, reject) => {
        own.addEventListener('abort', () => reject(own.reason));
      }),
    never,
  );
  life.abort(new Error('closed'));
  await expect(read).rejects.toThrow('closed');
});
