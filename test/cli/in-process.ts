import { runCli } from '../../src/cli/index.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line in this process, streams captured. */
export async function runInProcess(...args: readonly string[]): Promise<Ran> {
  const text = { out: '', err: '' };
  const io = {
    out: (part: string) => {
      text.out += part;
    },
    err: (part: string) => {
      text.err += part;
    },
    env: {},
    signal: new AbortController().signal,
  };
  return { code: await runCli(args, io), ...text };
}
