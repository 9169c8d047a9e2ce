import { isIP } from 'node:net';
import { MusterError } from '../../errors.ts';

export interface Address {
  /** IPv4 or IPv6, without brackets. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** `127.0.0.1:18000` or `[::1]:18000`; undefined for anything else, names included. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([0-9]{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  return isIP(host) !== 0 && port <= 65535 ? { host, port } : undefined;
}

export function toAddress(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new MusterError('internal', `${text} passed the schema and is no address`);
  return parsed;
}

export function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
