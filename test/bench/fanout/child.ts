import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SERVE_FLAGS } from '../../../bin/serve-flags.mjs';

/** What `muster serve` runs with, so that the bench measures what users have. */
const NODE_FLAGS = ['--expose-gc', ...SERVE_FLAGS];

/** A child process of the bench that answers each command with one report named by `done`. */
export interface BenchChild<Command, Report extends { readonly done: string }> {
  ask<Done extends Report['done']>(
    command: Command,
    done: Done,
  ): Promise<Extract<Report, { readonly done: Done }>>;
  /** The next report of that name, for one that comes later than its command. */
  wait<Done extends Report['done']>(done: Done): Promise<Extract<Report, { readonly done: Done }>>;
  send(command: Command): void;
  stop(): void;
}

export function benchChild<Command, Report extends { readonly done: string }>(
  file: string,
): BenchChild<Command, Report> {
  const child: ChildProcess = fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: NODE_FLAGS,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  function wait<Done extends Report['done']>(done: Done): Promise<Extract<Report, { readonly done: Done }>> {
    return new Promise((resolve, reject) => {
      const gone = (code: number | null): void =>
        reject(new Error(`${file} ended (${code}) before "${done}"`));
      const heard = (report: Extract<Report, { readonly done: Done }>): void => {
        if (report.done !== done) return;
        child.off('message', heard);
        child.off('exit', gone);
        resolve(report);
      };
      child.on('message', heard);
      child.on('exit', gone);
    });
  }
  const send = (command: Command): void => void child.send(command as object);
  return {
    wait,
    send,
    ask(command, done) {
      const answer = wait(done);
      send(command);
      return answer;
    },
    stop: () => void child.kill(),
  };
}
