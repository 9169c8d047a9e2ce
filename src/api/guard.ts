import { timingSafeEqual } from 'node:crypto';
import type { SecretBytes } from '../secret-bytes.ts';

export interface Refusal {
  readonly statusCode: 401 | 403;
  readonly code: 'unauthorized' | 'forbidden';
  readonly message: string;
}

export interface GuardedRequest {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly authorization: string | undefined;
  /** The page is answered without a token: what a load balancer asks. */
  readonly open: boolean;
}

/** True for an address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

/**
 * Why a request is refused, or `undefined`. A page in somebody's browser must not read the API
 * through it: a foreign Origin is refused, and without a token so is any Host that is not loopback
 * (DNS rebinding, BAD11). Loopback alone is never taken for a right: with a token set, it is asked for.
 */
export function refuse(request: GuardedRequest, token: SecretBytes | undefined): Refusal | undefined {
  if (token === undefined && !isLoopback(hostName(request.host))) {
    return forbidden('this API answers only to a loopback Host (127.0.0.1, localhost, [::1])');
  }
  if (isForeign(request)) return forbidden('requests from other web pages are refused');
  if (token !== undefined && !request.open && !bearerIs(request.authorization, token)) {
    return {
      statusCode: 401,
      code: 'unauthorized',
      message: 'send the API token: Authorization: Bearer TOKEN',
    };
  }
  return undefined;
}

function isForeign(request: GuardedRequest): boolean {
  if (request.fetchSite === 'cross-site' || request.fetchSite === 'same-site') return true;
  return request.origin !== undefined && request.origin !== `http://${request.host}`;
}

function hostName(host: string | undefined): string {
  return (host ?? '').replace(/:\d+$/, '');
}

function bearerIs(authorization: string | undefined, token: SecretBytes): boolean {
  const given = Buffer.from(/^Bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? '', 'utf8');
  const right = token.reveal();
  return given.length === right.length && timingSafeEqual(given, right);
}

function forbidden(message: string): Refusal {
  return { statusCode: 403, code: 'forbidden', message };
}
