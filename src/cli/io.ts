import type { Command } from 'commander';

/** What a command touches of the world; tests hand in their own. */
export interface CliIo {
  out(text: string): void;
  err(text: string): void;
  /** All of standard input. */
  stdin(): Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user asks the program to end. */
  readonly signal: AbortSignal;
}

/** Adds one command to the program. One file a command; `index.ts` lists them. */
export type CliCommand = (program: Command, io: CliIo) => void;

/** Every code a command ends with. The text is shown by --help and in the docs. */
export const EXIT_CODES = [
  { code: 0, meaning: 'done' },
  { code: 1, meaning: 'failed: the config is invalid, there is no such group, a start failed' },
  { code: 2, meaning: 'the command line or the process settings are wrong' },
  { code: 3, meaning: 'no muster answers on the API address' },
] as const;

/** `--help` text below the options: examples, one a line. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
}
