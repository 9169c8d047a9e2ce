import { runCli } from '../../src/cli/index.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line in this process, streams captured. */
export function runInProcess(...args: readonly string[]): Promise<Ran> {
  return runWithInput('', ...args);
}

/** The same, with this on standard input. */
export async function runWithInput(stdin: string, ...args: readonly string[]): Promise<Ran> {
  const text = { out: '', err: '' };
  const io = {
    out: (part: string) => {
      text.out += part;
    },
    err: (part: string) => {
      text.err += part;
    },
    stdin: async () => stdin,
    env: {},
    signal: new AbortController().signal,
  };
  return { code: await runCli(args, io), ...text };
}
