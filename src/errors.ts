import type { Origin } from './model/origin.ts';

/** One mistake the user can mend: what, where (file:line:column and path), and the nearest right word. */
export interface Problem {
  readonly message: string;
  /** Path in the config, for instance `httpRoutes.shop.rules[0].backends[0].service`. */
  readonly path: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** What would be right here, as a full hint: `did you mean "checkout"?` */
  readonly hint?: string | undefined;
}

/** Stable words for failures, one for each reaction a caller may have. */
export type ErrorCode =
  | 'config_invalid'
  | 'settings_invalid'
  | 'source_failed'
  | 'secret_failed'
  | 'secret_invalid'
  | 'build_failed'
  | 'state_failed'
  | 'port_in_use'
  | 'pki_failed'
  | 'part_missing'
  | 'api_unreachable'
  | 'usage'
  | 'internal';

/** Every failure muster reports on purpose. `cause` keeps what lay underneath. */
export class MusterError extends Error {
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];
  readonly origin: Origin | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    details: { cause?: unknown; problems?: readonly Problem[]; origin?: Origin } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'MusterError';
    this.code = code;
    this.problems = details.problems ?? [];
    this.origin = details.origin;
  }
}

/** `file:line:column: path: message (hint)`, the one way a problem is printed. */
export function formatProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':');
  const hint = problem.hint === undefined ? '' : ` (${problem.hint})`;
  const path = problem.path === '' ? '' : `${problem.path}: `;
  return `${place === '' ? '' : `${place}: `}${path}${problem.message}${hint}`;
}

/** The text of anything thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
