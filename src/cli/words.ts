import { MusterError } from '../errors.ts';

/** `61s`, `12m`, `3h`, `5d`: as much as a person needs to see. */
export function ageText(seconds: number | undefined): string {
  if (seconds === undefined) return 'never';
  if (seconds < 120) return `${Math.round(seconds)}s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)}h`;
  return `${Math.round(seconds / 86_400)}d`;
}

/** The time of day, UTC: `12:30:05Z`. */
export function clockText(time: string | undefined): string {
  return time === undefined ? '' : `${time.slice(11, 19)}Z`;
}

/** `1 instance`, `3 instances`. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
}

/** An option that is a whole number from 0. */
export function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new MusterError('usage', `${option} ${JSON.stringify(text)}: write a whole number from 0`);
}

/** `?a=1&b=2` of what is given. */
export function queryText(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}
