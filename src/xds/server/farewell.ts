import type { Expiry } from './deadlines.ts';
import type { GrpcStatus } from './grpc-status.ts';

/** With which status a stream ends when its time is up. `key`: what it is served from, once its node is known. */
export function farewell(expiry: Exclude<Expiry, 'stuck'>, key: string | undefined): GrpcStatus {
  if (expiry === 'old') return { code: 'OK', message: '' };
  if (expiry === 'timeout') return { code: 'DEADLINE_EXCEEDED', message: 'The deadline of the call passed.' };
  if (key !== undefined) {
    return { code: 'UNAVAILABLE', message: `There is no configuration yet for "${key}": try again.` };
  }
  return {
    code: 'INVALID_ARGUMENT',
    message: 'No request came: the first one must follow the call at once.',
  };
}
