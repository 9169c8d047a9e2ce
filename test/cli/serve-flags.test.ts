import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVE_FLAGS } from '../../bin/serve-flags.mjs';

let root = '';

/** What a main that says how it was started heard from the npm bin. */
function heard(args: readonly string[], nodeOptions = ''): { flags: string[]; args: string[]; pid: number } {
  const env = { ...process.env, NODE_OPTIONS: nodeOptions };
  const ran = spawnSync(process.execPath, [join(root, 'bin', 'muster.mjs'), ...args], {
    encoding: 'utf8',
    env,
  });
  expect(ran.stderr).toBe('');
  return { ...JSON.parse(ran.stdout), started: ran.pid };
}

describe('the npm bin', () => {
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'muster-bin-'));
    cpSync('bin', join(root, 'bin'), { recursive: true });
    mkdirSync(join(root, 'dist', 'src'), { recursive: true });
    writeFileSync(join(root, 'package.json'), '{"type":"module"}');
    const say = `console.log(JSON.stringify({ flags: process.execArgv, args: process.argv.slice(2), pid: process.pid }));`;
    writeFileSync(join(root, 'dist', 'src', 'main.js'), say);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('serves with the flags that the bench measures, in the same process', () => {
    const found = heard(['serve', '--config', 'a b']);
    expect(found).toMatchObject({ flags: SERVE_FLAGS, args: ['serve', '--config', 'a b'] });
    expect(found).toMatchObject({ started: found.pid });
  });

  it('leaves other commands and a choice of the user alone', () => {
    expect(heard(['status']).flags).toEqual([]);
    expect(heard(['serve'], '--max-semi-space-size=32').flags).toEqual([]);
  });
});
