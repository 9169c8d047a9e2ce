import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/index.ts';
import { EXIT_CODES } from '../../src/cli/io.ts';
import { createProgram } from '../../src/cli/program.ts';
import { runInProcess } from './in-process.ts';

const io = {
  out: () => undefined,
  err: () => undefined,
  stdin: async () => '',
  env: {},
  signal: new AbortController().signal,
};
const NAMES = createProgram(COMMANDS, io).commands.map((command) => command.name());

describe('--help', () => {
  it.each(NAMES)('of %s has a description and examples that begin with the command', async (name) => {
    const { code, out } = await runInProcess(name, '--help');
    expect(code).toBe(0);
    expect(out).toContain(`\nExamples:\n  $ muster ${name}`);
    expect(out.split('\n')[2]).not.toBe('');
  });
});

describe('exit codes', () => {
  it('stand in the documentation as they stand in --help', async () => {
    const page = readFileSync('docs/operate.md', 'utf8');
    const { out } = await runInProcess('--help');
    for (const { code, meaning } of EXIT_CODES) {
      expect(page).toContain(`| ${code} | ${meaning} |`);
      expect(out).toContain(`  ${code}  ${meaning}`);
    }
  });
});
