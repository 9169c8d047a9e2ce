import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import { bootstrapCommand } from './bootstrap.ts';
import { dumpCommand } from './dump.ts';
import { explainCommand } from './explain.ts';
import { exitCodeOf, failureText } from './failure.ts';
import { instancesCommand } from './instances.ts';
import type { CliCommand, CliIo } from './io.ts';
import { nodesCommand } from './nodes.ts';
import { pkiCommand } from './pki/index.ts';
import { createProgram } from './program.ts';
import { relabelCommand } from './relabel.ts';
import { renderCommand } from './render.ts';
import { schemaCommand } from './schema.ts';
import { secretsCommand } from './secrets.ts';
import { serveCommand } from './serve.ts';
import { sourceCommand } from './source.ts';
import { sourcesCommand } from './sources.ts';
import { statusCommand } from './status.ts';
import { validateCommand } from './validate.ts';

/** Every command, in the order of --help. */
export const COMMANDS: readonly CliCommand[] = [
  serveCommand,
  bootstrapCommand,
  pkiCommand,
  validateCommand,
  renderCommand,
  statusCommand,
  sourcesCommand,
  instancesCommand,
  secretsCommand,
  explainCommand,
  sourceCommand,
  relabelCommand,
  nodesCommand,
  dumpCommand,
  schemaCommand,
];

/** Runs one command line and answers its exit code; every failure is words on stderr. */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  try {
    await createProgram(COMMANDS, io).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    io.err(failureText(error, args.includes('--debug')));
    return exitCodeOf(error);
  }
}

/** The same for this process: its arguments, its streams, its signals. */
export async function runProcess(): Promise<number> {
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ending.abort());
  process.stdout.on('error', endQuietly);
  return runCli(process.argv.slice(2), {
    out: (part) => void process.stdout.write(part),
    err: (part) => void process.stderr.write(part),
    stdin: () => text(addAbortSignal(ending.signal, process.stdin)),
    env: process.env,
    signal: ending.signal,
  });
}

/** `muster dump | head` closes the pipe: nobody reads on, so there is nothing left to say. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}
