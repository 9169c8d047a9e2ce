import { z } from 'zod';
import type { Message } from '../proto.ts';

/** RFC 9110 token. Envoy keeps `host` and `:`-names to itself and refuses a config that edits them. */
export const headerName = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'expected the name of a header')
  .refine((name) => name.toLowerCase() !== 'host', 'Host is changed by urlRewrite.hostname');

/** Printable, no line break: a header cannot smuggle another one. */
export const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e\x80-\uffff]*$/, 'expected text without control characters');

const header = z.strictObject({
  name: headerName.describe('Name of the header.'),
  value: headerValue.describe('Its value, taken literally.'),
});

/** Gateway API's HTTPHeaderFilter. */
export const headerEdits = z.strictObject({
  set: z.array(header).default([]).describe('Replaces what is there.'),
  add: z.array(header).default([]).describe('Adds a value to what is there.'),
  remove: z.array(headerName).default([]).describe('Names of headers to drop.'),
});

export type HeaderEdits = z.output<typeof headerEdits>;

/** core.v3.HeaderValueOption.HeaderAppendAction */
const APPEND_IF_EXISTS_OR_ADD = 0;
const OVERWRITE_IF_EXISTS_OR_ADD = 2;

/** `set` goes before `add`, so that one edit may set a header and add a second value. */
export function headersToAdd({ set, add }: Pick<HeaderEdits, 'set' | 'add'>): readonly Message[] {
  return [
    ...set.map(({ name, value }) => setHeader(name, value)),
    ...add.map(({ name, value }) => headerOption(name, value, APPEND_IF_EXISTS_OR_ADD)),
  ];
}

export function setHeader(name: string, value: string): Message {
  return headerOption(name, value, OVERWRITE_IF_EXISTS_OR_ADD);
}

/** Values are literal: a `%` would start one of Envoy's command operators. */
function headerOption(key: string, value: string, appendAction: number): Message {
  const option = { header: { key, value: value.replaceAll('%', '%%') }, appendAction };
  return value === '' ? { ...option, keepEmptyValue: true } : option;
}
