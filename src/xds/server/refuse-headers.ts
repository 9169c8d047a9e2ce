import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { type GrpcStatus, parseGrpcTimeout } from './grpc-status.ts';
import type { XdsMethod } from './methods.ts';

export const oneHeader = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** What is not gRPC is answered in HTTP: wrong method or content type. True when it was. */
export function refuseHttp(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean {
  const grpc = /^application\/grpc(?:[+;]|$)/.test(headers['content-type'] ?? '');
  if (headers[':method'] === 'POST' && grpc) return false;
  stream.on('error', () => {}); // the client may be gone already: nothing is owed to it
  stream.respond({ ':status': headers[':method'] === 'POST' ? 415 : 405 }, { endStream: true });
  stream.close();
  return true;
}

export function refuseHeaders(headers: IncomingHttpHeaders): GrpcStatus | undefined {
  const encoding = oneHeader(headers['grpc-encoding']) ?? 'identity';
  if (encoding !== 'identity') {
    return { code: 'UNIMPLEMENTED', message: `This server reads no ${encoding} compression: send identity.` };
  }
  if (!Number.isNaN(parseGrpcTimeout(oneHeader(headers['grpc-timeout'])))) return undefined;
  return { code: 'INVALID_ARGUMENT', message: 'The grpc-timeout header is malformed.' };
}

export function unimplemented(path: string, method: XdsMethod | undefined): GrpcStatus {
  const message =
    method?.variant === 'fetch'
      ? `${path}: polling is not served, use the streaming methods of this service.`
      : `${path}: this server has no such method.`;
  return { code: 'UNIMPLEMENTED', message };
}
