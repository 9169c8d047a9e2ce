import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';

/** A program of the quickstart, its output shown line by line under its name and kept in a file. */
export interface Child {
  readonly name: string;
  /** Resolves when it has ended, with words for it. */
  readonly ended: Promise<string>;
  /** Ends exactly this process: SIGTERM, SIGKILL after 10 s. */
  stop(): Promise<void>;
}

export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
}

export function startChild({ name, command, args, logFile }: ChildSpec): Child {
  const child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const file = createWriteStream(logFile);
  for (const stream of [child.stdout, child.stderr]) {
    stream.pipe(file, { end: false });
    showLines(stream, name);
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`${name} cannot be started: ${error.message}`));
    child.once('close', (code, signal) => {
      file.end();
      resolve(`${name} ended (${signal ?? `exit code ${code}`}); its log is ${logFile}`);
    });
  });
  return { name, ended, stop: () => stopChild(child, ended) };
}

async function stopChild(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.pid === undefined) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(timer);
}

function showLines(stream: NodeJS.ReadableStream, name: string): void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) process.stdout.write(`${name.padEnd(6)} | ${line}\n`);
  });
}
