import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { durationMs } from '../duration.ts';

/** `sources.*.file`. */
export const fileSourceOptions = z.strictObject({
  /** Files, or globs whose matches may come and go. Relative paths start at the config's folder. */
  paths: z.array(z.string().min(1)).min(1).describe('Files or globs; relative to the folder of the config'),
  /** How often everything is read again, whether a change was noticed or not. */
  reread: durationMs
    .refine((ms) => ms >= 1000, 'at least 1s')
    .prefault('60s')
    .describe('Everything is read again this often; default 60s'),
});

export type FileSourceOptions = z.infer<typeof fileSourceOptions>;

const port = z.int('a port is a whole number').min(1, 'ports are 1-65535').max(65_535, 'ports are 1-65535');

const address = z.string().superRefine((text, context) => {
  const message = addressFault(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const labelValue = z.string('a label is text: write it in quotes');
const labels = z.record(z.string().min(1), labelValue);

/** One entry of muster's own shape. */
export const fileInstance = z
  .strictObject({
    address,
    port: port.optional(),
    ports: z.record(z.string().min(1), port).optional(),
    id: z.string().min(1).max(256).optional(),
    service: z.string().min(1).optional(),
    region: z.string().optional(),
    zone: z.string().optional(),
    subZone: z.string().optional(),
    weight: z.int().min(1, 'weights are 1-128').max(128, 'weights are 1-128').optional(),
    health: z.enum(['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'DRAINING']).default('HEALTHY'),
    labels: labels.default({}),
  })
  .refine((entry) => entry.port === undefined || entry.ports === undefined, 'write port or ports, not both');

/** `{ instances: [...] }`. */
export const instancesFile = z.strictObject({ instances: z.array(fileInstance) });

const target = z.string('a target is text: "10.0.0.1:80"').superRefine((text, context) => {
  const message = targetFault(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

/** Prometheus' file_sd: a list of target groups. */
export const targetsFile = z.array(z.strictObject({ targets: z.array(target), labels: labels.default({}) }));

/** `10.0.0.1:80`, `[::1]:80`, or the address alone. */
export function splitTarget(text: string): { readonly address: string; readonly port?: number } {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[^:]*))(?::(?<port>[0-9]+))?$/.exec(text);
  if (match?.groups === undefined) return { address: text };
  const host = match.groups.v6 ?? match.groups.v4 ?? '';
  return match.groups.port === undefined
    ? { address: host }
    : { address: host, port: Number(match.groups.port) };
}

/** One spelling for each address, so that equal ones are equal text. */
export function canonicalAddress(text: string): string {
  return isIP(text) === 6 ? ipaddr.parse(text).toString() : text;
}

function targetFault(text: string): string | undefined {
  if (text.includes('://')) return `"${text}" is a URL: write only address:port`;
  const { address: host, port: number } = splitTarget(text);
  if (number !== undefined && (number < 1 || number > 65_535))
    return `port ${number} of "${text}": ports are 1-65535`;
  return addressFault(host);
}

function addressFault(text: string): string | undefined {
  const family = isIP(text);
  if (family === 0) {
    return `"${text}" is not an IP address: endpoints are addresses, resolve the name in what writes this file`;
  }
  if (text.includes('%')) return `"${text}" has a zone, which means nothing on another machine`;
  const range = ipaddr.parse(text).range();
  if (range === 'unspecified' || range === 'multicast' || range === 'broadcast') {
    return `"${text}" is a ${range} address: nothing can be reached there`;
  }
  return undefined;
}
