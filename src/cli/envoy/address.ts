import { isIP } from 'node:net';
import { MusterError } from '../../errors.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export type AdminAddress = HostPort | { readonly path: string };

/** Text that may stand in a bootstrap: no control character, no line break, no half of a pair. Throws in words. */
export function plainText(option: string, text: string): string {
  if (text === '') throw wrong(option, text, 'it is empty');
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)) {
    throw wrong(option, text, 'it holds a control character or a line break');
  }
  if (Buffer.byteLength(text) > 1024)
    throw wrong(option, `${text.slice(0, 20)}…`, 'it is over 1024 bytes long');
  return text;
}

/** `HOST:PORT` or `[IPv6]:PORT`. */
export function parseHostPort(option: string, text: string, least = 1): HostPort {
  const found = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(plainText(option, text));
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  if (host === undefined || !isHost(host, found?.[1] !== undefined)) {
    throw wrong(option, text, 'write HOST:PORT, or [IPv6]:PORT');
  }
  if (port < least || port > 65_535) throw wrong(option, text, `the port is a number from ${least} to 65535`);
  return { host, port };
}

/** Loopback or a unix socket: whoever reaches the admin port can stop the proxy and read what it serves. */
export function parseAdmin(option: string, text: string): AdminAddress {
  const path = /^(?:unix:)?(\/.*)$/.exec(plainText(option, text))?.[1];
  if (path !== undefined) return { path };
  const address = parseHostPort(option, text, 0);
  if (!/^(127(\.\d{1,3}){3}|::1)$/.test(address.host)) {
    throw wrong(
      option,
      text,
      'the admin interface stays on this machine: write 127.0.0.1:PORT, [::1]:PORT or a unix path',
    );
  }
  return address;
}

function isHost(host: string, bracketed: boolean): boolean {
  if (bracketed) return isIP(host) === 6;
  return (
    isIP(host) === 4 ||
    /^(?=.*[a-z])[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(host)
  );
}

function wrong(option: string, text: string, why: string): MusterError {
  return new MusterError('usage', `${option} ${JSON.stringify(text)}: ${why}`);
}
