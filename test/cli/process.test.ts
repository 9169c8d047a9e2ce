import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

function muster(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/main.ts', ...args], {
    encoding: 'utf8',
    env: { ...process.env, COLUMNS: '100', NO_COLOR: '1' },
  });
  return { code: status, out: stdout, err: stderr };
}

describe('muster as a process', () => {
  it('prints a bootstrap and nothing else, exit code 0', () => {
    const args = ['--group', 'edge', '--node-id', 'n1', '--xds', '127.0.0.1:18000', '-o', 'json'];
    const { code, out, err } = muster('bootstrap', ...args);
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out).node).toEqual({ id: 'n1', cluster: 'edge' });
  });

  it('shows every command, the exit codes and examples in --help', () => {
    const { code, out } = muster('--help');
    expect(code).toBe(0);
    const names = ['serve', 'bootstrap', 'validate', 'render', 'status', 'sources', 'instances', 'explain'];
    for (const name of [...names, 'source', 'relabel', 'nodes', 'dump', 'schema']) {
      expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
    expect(out).toMatch(/Exit codes:\n {2}0 {2}done/);
  });

  it.each([[['statsu']], [['status', '--wat']], [['dump']], [['status', '-o', 'xml']], [[]]])(
    'answers the wrong line %j with exit code 2 and no stack',
    (args) => {
      const { code, out, err } = muster(...args);
      expect([code, out]).toEqual([2, '']);
      expect(err).not.toBe('');
      expect(err).not.toMatch(/^\s+at /m);
    },
  );

  it('reads standard input for a sample of muster relabel', () => {
    const args = ['--config', 'examples/relabel/fleet.yaml', '--source', 'vms', '--sample', '-'];
    const input = readFileSync('examples/relabel/sample.json', 'utf8');
    const ran = spawnSync(process.execPath, ['src/main.ts', 'relabel', ...args], { encoding: 'utf8', input });
    expect([ran.status, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toMatch(/^2 instances: 1 changed, 1 dropped$/m);
  });

  it('ends with 3 when no muster answers', () => {
    const { code, err } = muster('status', '--api', 'http://127.0.0.1:1');
    expect(code).toBe(3);
    expect(err).toContain('no muster answers on http://127.0.0.1:1');
  });
});
