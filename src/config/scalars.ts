import { isIP } from 'node:net';
import { RE2JS } from 're2js';
import { z } from 'zod';

const MAX_REGEX = 256;
const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** `1m30s` to milliseconds; the text has passed the pattern. */
export function durationMs(text: string): number {
  let sum = 0;
  for (const [, digits, unit] of text.matchAll(/([0-9]{1,5})(ms|h|m|s)/g))
    sum += Number(digits) * (UNITS[unit ?? ''] ?? 0);
  return sum;
}

const DURATION = 'expected a duration such as "5s", "250ms" or "1m30s"';
export const duration = z
  .string({
    error: (issue) =>
      typeof issue.input === 'number'
        ? `expected a duration with its unit, got ${issue.input}; write "${issue.input}s" for seconds`
        : DURATION,
  })
  .regex(/^([0-9]{1,5}(ms|h|m|s)){1,4}$/, DURATION)
  .transform(durationMs);

export const port = z
  .int('expected a port from 1 to 65535')
  .min(1, 'expected a port from 1 to 65535')
  .max(65535, 'expected a port from 1 to 65535');

export const name = z
  .string()
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/,
    'expected a name of letters, digits, ".", "_" and "-" (at most 128)',
  );

const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
export const hostname = z
  .string()
  .max(253, 'a hostname has at most 253 characters')
  .regex(
    new RegExp(`^(\\*\\.)?${LABEL}(\\.${LABEL})*$`),
    'expected a hostname in lower case, without port; "*" may only be the whole first label ("*.example.com")',
  );

export const ip = z
  .string()
  .refine((text) => isIP(text) !== 0, 'expected an IPv4 or IPv6 address, without port and brackets');

/** Why RE2 refuses a pattern, in words; `undefined` where it takes it. */
export function regexFault(pattern: string): string | undefined {
  if (pattern.length > MAX_REGEX)
    return `the regular expression has ${pattern.length} characters; at most ${MAX_REGEX} are allowed`;
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    if (/\(\?(=|!|<=|<!)/.test(pattern))
      return 'RE2 has no lookahead or lookbehind: write two matches, or list what is allowed';
    if (/\\[1-9]|\\k</.test(pattern)) return 'RE2 has no back references: repeat the pattern';
    return `not a regular expression that RE2 takes: ${error instanceof Error ? error.message : String(error)}`;
  }
}

export const regex = z.string().superRefine((pattern, context) => {
  const fault = regexFault(pattern);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
});

/** Label values are text: whole numbers and booleans are taken, others must be quoted. */
export const labelValue = z
  .union([z.string(), z.boolean(), z.int()], 'expected text; put a number such as 1.10 in quotes')
  .transform(String);

/** `{ kind: value }` with exactly one key of `shape`, given as `{ kind, value }`. */
export function oneKey(shape: Readonly<Record<string, z.ZodType>>, what: string) {
  const optional = Object.fromEntries(
    Object.entries(shape).map(([key, schema]) => [key, z.optional(schema)]),
  );
  return z
    .strictObject(optional)
    .refine(
      (value) => Object.keys(value).length === 1,
      `expected exactly one key, ${what}: ${Object.keys(shape).join(', ')}`,
    )
    .meta({ minProperties: 1, maxProperties: 1 })
    .transform((value) => {
      const [kind, options] = Object.entries(value)[0] ?? ['', undefined];
      return { kind, value: options };
    });
}
