import { CommanderError } from 'commander';
import { type ErrorCode, errorText, formatProblem, MusterError } from '../errors.ts';
import { clean } from './output.ts';

const CODES: Partial<Readonly<Record<ErrorCode, number>>> = {
  usage: 2,
  settings_invalid: 2,
  api_unreachable: 3,
};

/** The exit code of anything thrown. commander has already said what it threw for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return error instanceof MusterError ? (CODES[error.code] ?? 1) : 1;
}

/** A failure in words: the problems one a line, else the message; the stack only when asked for. */
export function failureText(error: unknown, debug: boolean): string {
  if (error instanceof CommanderError) return '';
  if (debug && error instanceof Error) return `${error.stack ?? error.message}${causeText(error)}\n`;
  const problems = error instanceof MusterError ? error.problems : [];
  const lines = [errorText(error), ...problems.map(formatProblem)].map((line) => clean(line));
  const hint = error instanceof MusterError ? [] : ['this is a fault of muster; --debug shows where'];
  return `${['error: '.concat(lines[0] ?? ''), ...lines.slice(1).map((line) => `  ${line}`), ...hint].join('\n')}\n`;
}

function causeText(error: Error): string {
  return error.cause instanceof Error ? `\ncaused by: ${error.cause.stack ?? error.cause.message}` : '';
}
