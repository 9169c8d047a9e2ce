import { z } from 'zod';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `5s`, `250ms`, `1m` to milliseconds. */
export const durationMs = z
  .string()
  .regex(/^[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h)$/, 'a duration is written 250ms, 5s or 1m')
  .transform((text) => Math.round(Number.parseFloat(text) * (UNITS[text.replace(/^[0-9.]+/, '')] ?? 0)));
