import { describe, it } from 'vitest';
import { validateFileWithEnvoy } from './envoy-validate.ts';
import { runInProcess } from './in-process.ts';

const BASE = ['bootstrap', '--group', 'edge', '--node-id', 'n1', '--xds', '127.0.0.1:18000'];
const TRICKY = `"'$\u007bHOME} {{ x }} #: - % \\ é 😀 * &a`;

describe('a real Envoy accepts the bootstrap', () => {
  it.each([
    ['yaml', []],
    ['json', []],
    ['yaml', ['--admin', '/tmp/muster-bootstrap-test.sock', '--xds', 'localhost:18000', '--zone', 'z']],
    ['yaml', ['--node-id', `yes${TRICKY}`, '--cluster', 'yes']],
    ['yaml', ['--node-id', '1e3', '--cluster', '~', '--region', '0x1', '--zone', 'null']],
  ])('as %s with %j', async (format, args) => {
    const { out } = await runInProcess(...BASE, ...args, '-o', format);
    await validateFileWithEnvoy(out, format);
  });
});
